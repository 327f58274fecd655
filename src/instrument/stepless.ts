/** Globals whose functions neither make steps nor call back: they are called plainly. */
export const stepless: ReadonlySet<string> = new Set([
  'Math',
  'Number',
  'BigInt',
  'JSON',
  'Symbol',
  'Date',
  'performance',
  'String',
  'Boolean',
]);
