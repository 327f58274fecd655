import { describe, expect, it } from 'vitest';
import {
  BoundsError,
  BrokenBarrierError,
  NotCreatedError,
  TimeoutError,
  TooManyPartiesError,
} from '../errors.ts';
import { Barrier } from './barrier.ts';

const cells = (count = 4) => new Int32Array(new SharedArrayBuffer(count * 4));
/** The word of a barrier, from its fields. */
const word = (arrived: number, generation: number, resets = 0, broken = 0) =>
  (arrived << 18) | (generation << 6) | (resets << 1) | broken;

const BROKEN_MESSAGE =
  'the Barrier at index 1 is broken: it was aborted or reset, or a party gave up waiting; call reset() once all parties know';

/** Runs `step` when a thread is about to sleep, in place of the sleep: what other threads do meanwhile. */
function asleep<T>(step: () => void, body: () => T): T {
  const { wait } = Atomics;
  Atomics.wait = (() => {
    step();
    return 'ok';
  }) as typeof wait;
  try {
    return body();
  } finally {
    Atomics.wait = wait;
  }
}

describe('W-8 Barrier', () => {
  it('of one party passes, as leader, each time', () => {
    const barrier = Barrier.create(cells(), 0, 1);
    expect([barrier.wait(), barrier.wait(0), barrier.generation()]).toEqual(['leader', 'leader', 2]);
  });

  it('the last of the parties leads, the others follow', () => {
    const view = cells();
    const barrier = Barrier.create(view, 1, 3);
    const partner = Barrier.attach(view, 1);
    const roles: string[] = [];
    roles.push(
      asleep(
        () =>
          roles.push(
            asleep(
              () => roles.push(partner.wait()),
              () => partner.wait(),
            ),
          ),
        () => barrier.wait(),
      ),
    );
    expect(roles).toEqual(['leader', 'follower', 'follower']);
    expect([...view]).toEqual([0, word(0, 1), 3, 0]);
  });

  it('B6: on a thread that must not block: TypeError, and the barrier is broken: no partner passes alone', () => {
    const view = cells();
    const barrier = Barrier.create(view, 1, 2);
    const { wait } = Atomics;
    Atomics.wait = (() => {
      throw new TypeError('Atomics.wait cannot be called in this context');
    }) as typeof wait;
    try {
      expect(() => barrier.wait()).toThrow(TypeError);
    } finally {
      Atomics.wait = wait;
    }
    expect(barrier.isBroken()).toBe(true);
    expect(() => barrier.wait()).toThrow(BROKEN_MESSAGE);
  });

  it('B6: the generation that turns as a thread learns that it must not block counts for it, too', () => {
    const barrier = Barrier.create(cells(), 1, 2);
    const { wait } = Atomics;
    Atomics.wait = (() => {
      barrier.wait();
      throw new TypeError('Atomics.wait cannot be called in this context');
    }) as typeof wait;
    try {
      expect(barrier.wait()).toBe('follower');
    } finally {
      Atomics.wait = wait;
    }
    expect([barrier.isBroken(), barrier.generation()]).toEqual([false, 1]);
  });

  it('B7: a wake-up without a new generation releases nobody', () => {
    const view = cells();
    const barrier = Barrier.create(view, 1, 2);
    let sleeps = 0;
    const role = asleep(
      () => {
        sleeps += 1;
        if (sleeps === 3) barrier.wait();
      },
      () => barrier.wait(),
    );
    expect([role, sleeps]).toEqual(['follower', 3]);
  });

  it('the generation wraps, and the count does not disturb it', () => {
    const view = cells();
    const barrier = Barrier.create(view, 1, 2);
    view[1] = word(0, 4095, 31);
    expect(barrier.generation()).toBe(4095);
    expect(
      asleep(
        () => barrier.wait(),
        () => barrier.wait(),
      ),
    ).toBe('follower');
    expect(view[1]).toBe(word(0, 0, 31));
  });

  it('B5, W-17: attach changes nothing', () => {
    const view = cells();
    const barrier = Barrier.create(view, 1, 2);
    asleep(
      () => {
        expect(view[1]).toBe(word(1, 0));
        expect(Barrier.attach(view, 1).wait()).toBe('leader');
      },
      () => barrier.wait(),
    );
  });

  it('allows 8,191 parties', () => {
    const view = cells();
    const barrier = Barrier.create(view, 0, 8191);
    view[0] = word(8190, 4095);
    expect([barrier.wait(), barrier.generation(), barrier.parties()]).toEqual(['leader', 0, 8191]);
  });

  it.each([[0], [-1], [1.5], [NaN], [8192]])('B4: refuses %s parties', (parties) => {
    expect(() => Barrier.create(cells(), 0, parties)).toThrow(
      new RangeError(
        `a Barrier has from 1 to 8191 parties, got ${parties}: pass the number of threads that meet there`,
      ),
    );
  });

  it('needs two cells, and somebody who created it', () => {
    expect(() => Barrier.create(cells(), 3, 2)).toThrow(
      new BoundsError(
        'a Barrier takes 2 cells from index 3, but the view has 4: pass an integer index from 0 to 2',
      ),
    );
    const view = cells();
    expect(() => Barrier.attach(view, 1).wait()).toThrow(
      new NotCreatedError(
        'there is no Barrier at index 1 (parties: 0): one thread must call Barrier.create first',
      ),
    );
    expect([...view]).toEqual([0, 0, 0, 0]);
  });
});

describe('B3, B6: more than the parties', () => {
  it('an arrival before the leader has released is refused, and the parties pass', () => {
    const view = cells();
    const barrier = Barrier.create(view, 1, 1);
    const { compareExchange } = Atomics;
    const message =
      '2 threads arrived at the Barrier at index 1, which has 1 parties: use it from that many threads, or create it for more';
    let strangers = 0;
    Atomics.compareExchange = ((...parameters: Parameters<typeof compareExchange>) => {
      if (strangers === 0) {
        strangers += 1;
        expect(() => Barrier.attach(view, 1).wait()).toThrow(new TooManyPartiesError(message));
      }
      return compareExchange(...parameters);
    }) as typeof compareExchange;
    try {
      expect(barrier.wait()).toBe('leader');
    } finally {
      Atomics.compareExchange = compareExchange;
    }
    expect([strangers, view[1]]).toEqual([1, word(0, 1)]);
  });

  it('the count runs off the word, not into the generation', () => {
    const view = cells();
    const barrier = Barrier.create(view, 1, 2);
    view[1] = word(16_383, 7, 3, 1);
    expect(() => barrier.wait()).toThrow(BrokenBarrierError);
    expect(view[1]).toBe(word(0, 7, 3, 1));
  });
});

describe('broken barriers', () => {
  it('abort releases who waits, and refuses who comes', () => {
    const barrier = Barrier.create(cells(), 1, 2);
    expect(() =>
      asleep(
        () => barrier.abort(),
        () => barrier.wait(),
      ),
    ).toThrow(new BrokenBarrierError(BROKEN_MESSAGE));
    expect(barrier.isBroken()).toBe(true);
    expect(() => barrier.wait()).toThrow(new BrokenBarrierError(BROKEN_MESSAGE));
  });

  it('abort before the leader has released breaks it for the leader too', () => {
    const barrier = Barrier.create(cells(), 1, 1);
    const { compareExchange } = Atomics;
    Atomics.compareExchange = ((...parameters: Parameters<typeof compareExchange>) => {
      barrier.abort();
      return compareExchange(...parameters);
    }) as typeof compareExchange;
    try {
      expect(() => barrier.wait()).toThrow(BrokenBarrierError);
    } finally {
      Atomics.compareExchange = compareExchange;
    }
    expect([barrier.isBroken(), barrier.generation()]).toEqual([true, 0]);
  });

  it('who was released stays so when the next generation breaks', () => {
    const barrier = Barrier.create(cells(), 1, 2);
    const meanwhile = () => {
      barrier.wait();
      barrier.abort();
    };
    expect(asleep(meanwhile, () => barrier.wait())).toBe('follower');
  });

  it.each([[0], [2]])('a wait that gives up after %s ms breaks it for all', (limit) => {
    const barrier = Barrier.create(cells(), 1, 2);
    expect(() => barrier.wait(limit)).toThrow(
      new TimeoutError(
        `the parties of the Barrier at index 1 did not all arrive within ${limit} ms: ` +
          'it is broken; call reset() once the cause is gone',
      ),
    );
    expect(barrier.isBroken()).toBe(true);
    expect(() => barrier.wait()).toThrow(BrokenBarrierError);
  });

  it('a release at the last moment is no timeout', () => {
    const view = cells();
    const barrier = Barrier.create(view, 1, 2);
    const { compareExchange } = Atomics;
    let late = true;
    Atomics.compareExchange = ((...parameters: Parameters<typeof compareExchange>) => {
      if (late) {
        late = false;
        barrier.wait();
      }
      return compareExchange(...parameters);
    }) as typeof compareExchange;
    try {
      expect(barrier.wait(0)).toBe('follower');
    } finally {
      Atomics.compareExchange = compareExchange;
    }
    expect([barrier.isBroken(), barrier.generation()]).toEqual([false, 1]);
  });

  it('B8: refuses -1, before it arrives', () => {
    const view = cells();
    expect(() => Barrier.create(view, 1, 2).wait(-1)).toThrow('got -1: pass Infinity');
    expect(view[1]).toBe(0);
  });

  it('reset opens it again, in the same generation', () => {
    const view = cells();
    const barrier = Barrier.create(view, 1, 2);
    barrier.abort();
    expect(() => barrier.wait()).toThrow(BrokenBarrierError);
    barrier.reset();
    expect(view[1]).toBe(word(0, 0, 1));
    expect(
      asleep(
        () => barrier.wait(),
        () => barrier.wait(),
      ),
    ).toBe('follower');
    view[1] = word(3, 9, 31, 1);
    barrier.reset();
    expect(view[1]).toBe(word(0, 9, 0, 0));
  });

  it('reset breaks it for who waits, also for who has not noticed the break yet', () => {
    const barrier = Barrier.create(cells(), 1, 2);
    expect(() =>
      asleep(
        () => barrier.reset(),
        () => barrier.wait(),
      ),
    ).toThrow(BrokenBarrierError);
    const meanwhile = () => {
      barrier.abort();
      barrier.reset();
    };
    expect(() => asleep(meanwhile, () => barrier.wait())).toThrow(BrokenBarrierError);
    expect(barrier.isBroken()).toBe(false);
  });

  it('reset tries again when the word changes under it', () => {
    const view = cells();
    const barrier = Barrier.create(view, 1, 2);
    const { load } = Atomics;
    let arrivals = 0;
    Atomics.load = ((...parameters: Parameters<typeof load>) => {
      const seen = load(...parameters);
      if (arrivals === 0) {
        arrivals += 1;
        Atomics.add(view, 1, word(1, 0));
      }
      return seen;
    }) as typeof load;
    try {
      barrier.reset();
    } finally {
      Atomics.load = load;
    }
    expect(view[1]).toBe(word(0, 0, 1));
  });
});
