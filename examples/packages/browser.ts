/** What two of the packages expect of a browser when they are imported, and Node 20 does not have. */
const scope = globalThis as { self?: unknown; navigator?: unknown };
scope.self ??= globalThis;
scope.navigator ??= { hardwareConcurrency: 2 };
