import { expect, it } from 'vitest';
import * as errors from './errors.ts';

it('each error has its class as name, and is an Error', () => {
  for (const [name, Class] of Object.entries(errors)) {
    const error: Error = Reflect.construct(Class, ['what was wrong', 1, 2, 3]);
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe(name);
    expect(String(error)).toBe(`${name}: what was wrong`);
  }
});
