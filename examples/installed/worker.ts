/** A worker with a channel, in a package of its own. */
import { serve } from 'threadproof/runtime';

serve({ double: (n) => 2 * (n as number) });
