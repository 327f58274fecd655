/** Runs in the workers of the example's ThreadRuntime. */
import { ThreadRuntime } from 'threadproof/runtime';

export function deposit(amount, { account, lock }) {
  const runtime = ThreadRuntime.current();
  const [balance, mutex] = [runtime.open(account), runtime.open(lock)];
  mutex.lock();
  balance.store(balance.load() + amount);
  mutex.unlock();
}
