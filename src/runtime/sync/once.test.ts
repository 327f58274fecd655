import { describe, expect, it } from 'vitest';
import { BoundsError, NotCreatedError, ReentryError, TimeoutError } from '../errors.ts';
import { currentThreadId } from '../thread.ts';
import { Once } from './once.ts';

const FRESH = 1 << 29;
const DONE = 1 << 30;

/** A Once in cell 1, with the handles of two threads, and a list of who ran. */
function threads() {
  const view = new Int32Array(new SharedArrayBuffer(16));
  const ran: string[] = [];
  const by = (name: string) => () => void ran.push(name);
  return { view, one: Once.create(view, 1, 1), two: Once.attach(view, 1, 2), ran, by };
}

const fails = () => {
  throw new Error('no luck');
};

type Wait = typeof Atomics.wait;

/** Runs `step` when a thread is about to sleep: what other threads do meanwhile. Without an answer the wait goes on. */
function asleep<T>(step: () => ReturnType<Wait> | undefined, body: () => T): T {
  const { wait } = Atomics;
  Atomics.wait = ((...parameters: Parameters<Wait>) => step() ?? wait(...parameters)) as Wait;
  try {
    return body();
  } finally {
    Atomics.wait = wait;
  }
}

/** Lets settled promises run their continuations. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('W-10 Once', () => {
  it('runs once, whoever asks', () => {
    const { view, one, two, ran, by } = threads();
    expect(one.isDone()).toBe(false);
    expect([one.run(by('one')), two.run(by('two')), one.run(by('one'))]).toEqual([true, false, false]);
    expect([ran, two.isDone(), [...view]]).toEqual([['one'], true, [0, DONE, 0, 0]]);
  });

  it('a run that throws does not count, and the next one runs', () => {
    const { view, one, two, ran, by } = threads();
    expect(() => one.run(fails)).toThrow('no luck');
    expect([view[1], one.isDone()]).toEqual([FRESH, false]);
    expect([two.run(by('two')), one.run(by('one')), ran]).toEqual([true, false, ['two']]);
  });

  it('who comes while it runs waits for its end', () => {
    const { view, one, two, ran, by } = threads();
    // Thread 1 runs it, and is not through when thread 2 comes.
    view[1] = 1 << 1;
    let sleeps = 0;
    const result = asleep(
      () => {
        sleeps += 1;
        expect(view[1]).toBe((1 << 1) | 1);
        if (sleeps === 2) view[1] = DONE;
        return 'ok';
      },
      () => two.run(by('two')),
    );
    expect([result, sleeps, ran, one.isDone()]).toEqual([false, 2, [], true]);
  });

  it('after a failed run one of those who waited runs', () => {
    const { view, two, ran, by } = threads();
    view[1] = 1 << 1;
    const result = asleep(
      () => {
        view[1] = FRESH;
        return undefined;
      },
      () => two.run(by('two'), 10_000),
    );
    expect([result, ran, view[1]]).toEqual([true, ['two'], DONE]);
  });

  it.each([
    ['succeeds', () => {}, DONE],
    ['throws', fails, FRESH],
  ] as const)('a run that %s wakes all who wait, and nobody when nobody does', (_, action, word) => {
    const { notify } = Atomics;
    const woken: unknown[] = [];
    Atomics.notify = ((...parameters: Parameters<typeof notify>) => {
      woken.push(parameters[2]);
      return notify(...parameters);
    }) as typeof notify;
    const attempt = (once: Once, meanwhile: () => void) => {
      try {
        once.run(() => {
          meanwhile();
          action();
        });
      } catch {
        // It is to fail.
      }
    };
    try {
      attempt(threads().one, () => {});
      expect(woken).toEqual([]);
      const { view, one, two } = threads();
      attempt(one, () => expect(() => two.run(() => {}, 1)).toThrow(TimeoutError));
      expect([woken, view[1]]).toEqual([[undefined], word]);
    } finally {
      Atomics.notify = notify;
    }
  });

  it('gives up after the limit, and says who runs', () => {
    const { one, two } = threads();
    one.run(() => {
      const error = new TimeoutError(
        'thread 1 did not finish its run of the Once at index 1 within 1 ms: ' +
          'wait longer, or call abandon() when that thread has died',
      );
      expect(() => two.run(() => {}, 1)).toThrow(error);
      expect(() => two.run(() => {}, 0)).toThrow('within 0 ms');
    });
    expect(one.isDone()).toBe(true);
  });

  it('a time-out that comes with the end of the run is none', () => {
    const { view, two } = threads();
    view[1] = 1 << 1;
    const result = asleep(
      () => {
        view[1] = DONE;
        return 'timed-out';
      },
      () => two.run(() => {}, 5),
    );
    expect(result).toBe(false);
  });

  it('re-entry is an error, which fails the run if nobody catches it', async () => {
    const { one, two, ran, by } = threads();
    const error = new ReentryError(
      'thread 1 runs the Once at index 1 already: its action must not run it again',
    );
    expect(() => one.run(() => void one.run(() => {}))).toThrow(error);
    expect(one.isDone()).toBe(false);
    let inner: Promise<boolean> | undefined;
    one.run(() => {
      expect(() => one.run(() => {})).toThrow(error);
      inner = one.runAsync(() => {});
      inner.catch(() => {});
    });
    await expect(inner).rejects.toThrow(error);
    expect([two.run(by('two')), ran]).toEqual([false, []]);
  });

  it.each([[-1], [NaN], [-Infinity]])('B8: refuses the limit %s', (limit) => {
    const { one, ran, by } = threads();
    expect(() => one.run(by('one'), limit)).toThrow(
      `got ${limit}: pass Infinity (or nothing) to wait without limit`,
    );
    expect(ran).toEqual([]);
  });

  it.each([[0], [-1], [2 ** 28], [1.5], [NaN]])('refuses the owner %s', (owner) => {
    const view = new Int32Array(new SharedArrayBuffer(4));
    const error = new RangeError(
      `the owner of a Once handle is a thread id from 1 to 268435455, got ${owner}: ` +
        'pass a positive integer that no other thread uses, or nothing',
    );
    expect(() => Once.create(view, 0, owner)).toThrow(error);
    expect(() => Once.attach(view, 0, owner)).toThrow(error);
  });

  it('belongs to the calling thread unless told otherwise', () => {
    const view = new Int32Array(new SharedArrayBuffer(4));
    const once = Once.create(view, 0);
    once.run(() => {
      expect(view[0]).toBe(currentThreadId() << 1);
      expect(() => Once.attach(view, 0).run(() => {})).toThrow(ReentryError);
    });
  });

  it('the largest owner fits beside the marks', () => {
    const { view, one } = threads();
    Once.attach(view, 1, 2 ** 28 - 1).run(() => {
      expect(() => one.run(() => {}, 0)).toThrow('thread 268435455 did not finish');
    });
    expect(view[1]).toBe(DONE);
  });

  it('W-17: attach changes nothing; use before create is an error', async () => {
    const view = new Int32Array(new SharedArrayBuffer(16));
    const once = Once.attach(view, 1, 1);
    const error = new NotCreatedError(
      'there is no Once at index 1 (word: 0): one thread must call Once.create first',
    );
    expect(() => once.run(() => {})).toThrow(error);
    expect(() => once.isDone()).toThrow(error);
    await expect(once.runAsync(() => {})).rejects.toThrow(error);
    expect([...view]).toEqual([0, 0, 0, 0]);
    Once.create(view, 1, 1);
    expect(once.run(() => {})).toBe(true);
  });

  it('refuses cells that are not there, or not shared', () => {
    expect(() => Once.create(new Int32Array(new SharedArrayBuffer(4)), 1, 1)).toThrow(
      new BoundsError(
        'a Once takes a cell from index 1, but the view has 1: pass an integer index from 0 to 0',
      ),
    );
    const plain = new Int32Array(1) as unknown as Int32Array<SharedArrayBuffer>;
    expect(() => Once.attach(plain, 0, 1)).toThrow('a Once needs memory that threads share');
  });
});

describe('R5 abandon', () => {
  it('a dead run counts as failed, and who waits runs', async () => {
    const { view, one, two, ran, by } = threads();
    view[1] = 1 << 1;
    const waiting = two.runAsync(by('two'));
    await turn();
    expect(ran).toEqual([]);
    expect([two.abandon(2), two.abandon(0), two.abandon(1)]).toEqual([false, false, true]);
    expect([await waiting, ran, one.isDone()]).toEqual([true, ['two'], true]);
  });

  it('leaves alone what is fresh, done, or not created', () => {
    const { view, one } = threads();
    expect(one.abandon(1)).toBe(false);
    one.run(() => {});
    expect([one.abandon(1), view[1]]).toEqual([false, DONE]);
    view[1] = 0;
    expect(one.abandon(1)).toBe(false);
  });
});

describe('runAsync', () => {
  it('runs until its promise settles, once', async () => {
    const { view, one, two, ran, by } = threads();
    const first = one.runAsync(async () => {
      await turn();
      by('one')();
    });
    const second = two.runAsync(by('two'));
    await expect(one.runAsync(by('one'))).rejects.toThrow(ReentryError);
    expect(view[1]).toBe((1 << 1) | 1);
    expect([await first, await second, ran, view[1]]).toEqual([true, false, ['one'], DONE]);
    expect(await one.runAsync(by('one'))).toBe(false);
  });

  it('a rejection does not count, and the other runs', async () => {
    const { one, two, ran, by } = threads();
    const first = one.runAsync(async () => {
      await turn();
      fails();
    });
    const second = two.runAsync(by('two'));
    await expect(first).rejects.toThrow('no luck');
    expect([await second, ran]).toEqual([true, ['two']]);
  });

  it('looks again at once when the run ends before its sleep', async () => {
    const { view, two } = threads();
    view[1] = 1 << 1;
    const { waitAsync } = Atomics;
    Atomics.waitAsync = ((...parameters: Parameters<typeof waitAsync>) => {
      view[1] = DONE;
      return waitAsync(...parameters);
    }) as typeof waitAsync;
    try {
      expect(await two.runAsync(() => {})).toBe(false);
    } finally {
      Atomics.waitAsync = waitAsync;
    }
  });
});
