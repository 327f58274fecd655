/**
 * One pool, one measurement, one process: `node pool-child.mjs <pool> <speed|chaos>`. Prints one JSON object. Two threads each; the functions are
 * the same; everything is warmed up before it is measured, but for the start.
 */
const [, , name, what] = process.argv;
const file = (path) => new URL(path, import.meta.url);
const threads = 2;

const adapters = {
  async ours() {
    const { ThreadPool } = await import('threadproof/runtime');
    const pool = new ThreadPool({
      module: file('./pool-tasks.mjs'),
      minThreads: threads,
      onLateError: () => undefined,
    });
    return {
      run: (task, value, signal) => pool.run(task, [value], signal && { signal }),
      end: () => pool.terminate(),
    };
  },
  async piscina() {
    const { Piscina } = await import('piscina');
    const pool = new Piscina({
      filename: file('./pool-tasks.mjs').href,
      minThreads: threads,
      maxThreads: threads,
    });
    return {
      run: (task, value, signal) => pool.run(value, { name: task, signal }),
      end: () => pool.destroy(),
    };
  },
  async tinypool() {
    const { Tinypool } = await import('tinypool');
    const pool = new Tinypool({
      filename: file('./pool-tasks.mjs').href,
      minThreads: threads,
      maxThreads: threads,
    });
    return {
      run: (task, value, signal) => pool.run(value, { name: task, signal }),
      end: () => pool.destroy(),
    };
  },
  async poolifier() {
    const { FixedThreadPool } = await import('poolifier');
    const { fileURLToPath } = await import('node:url');
    const pool = new FixedThreadPool(threads, fileURLToPath(file('./pool-worker-poolifier.mjs')));
    return {
      run: (task, value, signal) => pool.execute(value, task, signal),
      end: () => pool.destroy(),
    };
  },
  async workerpool() {
    const { default: workerpool } = await import('workerpool');
    const { fileURLToPath } = await import('node:url');
    const pool = workerpool.pool(fileURLToPath(file('./pool-worker-workerpool.mjs')), {
      minWorkers: threads,
      maxWorkers: threads,
      workerType: 'thread',
    });
    return {
      run: (task, value, signal) => {
        const promise = pool.exec(task, [value]);
        signal?.addEventListener('abort', () => promise.cancel());
        return promise;
      },
      end: () => pool.terminate(true),
    };
  },
};

async function speed(pool, begun) {
  await pool.run('trivial', 1);
  const firstMs = performance.now() - begun;
  const burst = (count) => Promise.all(Array.from({ length: count }, (_, n) => pool.run('trivial', n)));
  for (let round = 0; round < 3; round += 1) await burst(5_000);

  const cpu = process.cpuUsage();
  const burstBegun = performance.now();
  await burst(20_000);
  const burstMs = performance.now() - burstBegun;
  const { user, system } = process.cpuUsage(cpu);

  let left = 20_000;
  const flightBegun = performance.now();
  const chain = async () => {
    while (left > 0) {
      left -= 1;
      await pool.run('trivial', left);
    }
  };
  await Promise.all(Array.from({ length: 64 }, chain));
  const flightMs = performance.now() - flightBegun;

  const trips = [];
  for (let n = 0; n < 3_000; n += 1) {
    const tripBegun = performance.now();
    await pool.run('trivial', n);
    trips.push(1_000 * (performance.now() - tripBegun));
  }
  trips.sort((a, b) => a - b);

  const longBegun = performance.now();
  await Promise.all(Array.from({ length: 100 }, () => pool.run('busy', 5)));
  const speedUp = 500 / (performance.now() - longBegun);
  return {
    firstMs,
    burst: 20_000 / (burstMs / 1_000),
    cpuUs: (user + system) / 20_000,
    flight: 20_000 / (flightMs / 1_000),
    tripP50: trips[1_500],
    tripP99: trips[2_970],
    speedUp,
    rssMiB: process.memoryUsage.rss() / 2 ** 20,
  };
}

/** 600 tasks: 3 % exit, 3 % throw, 2 % leave an error behind, 2 % are aborted while they sleep; the others are healthy. */
async function chaos(pool) {
  let unhandled = 0;
  process.on('unhandledRejection', () => {
    unhandled += 1;
  });
  process.on('uncaughtException', () => {
    unhandled += 1;
  });
  await pool.run('trivial', 1);
  let unsettled = 0;
  let healthyRejected = 0;
  const one = async (n) => {
    const kind = n % 100;
    const controller = new AbortController();
    const [task, value] =
      kind % 33 === 1
        ? ['exits', 0]
        : kind % 33 === 2
          ? ['fails', 'x']
          : kind % 50 === 7
            ? ['late', n]
            : ['sleeps', 1];
    const aborted = kind % 50 === 9;
    unsettled += 1;
    try {
      const promise = pool.run(task, value, aborted ? controller.signal : undefined);
      if (aborted) setTimeout(() => controller.abort(), 1);
      await promise;
    } catch {
      if (task !== 'exits' && task !== 'fails' && !aborted) healthyRejected += 1;
    }
    unsettled -= 1;
  };
  const all = Promise.all(Array.from({ length: 600 }, (_, n) => one(n)));
  await Promise.race([all, new Promise((resolve) => setTimeout(resolve, 15_000))]);
  return { unsettled, unhandled, healthyRejected };
}

const begun = performance.now();
const pool = await adapters[name]();
console.log(JSON.stringify(what === 'chaos' ? await chaos(pool) : await speed(pool, begun)));
process.exit(0);
