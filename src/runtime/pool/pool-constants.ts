/** Numbers that a pool works with, chosen by measurement. */
export const priorities: Readonly<Record<'high' | 'normal' | 'low', number>> = { high: 0, normal: 1, low: 2 };
/** Tasks dealt ahead to a worker: so many that they last about so long. */
export const aheadMs = 0.3;
/** Waking a worker for tasks that last less together does not pay: that takes about so long. */
export const worthMs = 0.05;
export const ring = 256;
/** Tasks whose mean run time is below carry no stack of their caller. */
export const trivialMs = 0.02;
/** Mean run times above this are not waited for by looking. */
export const longTaskMs = 0.5;
/** So many threads in a row that end before they have begun break the pool. */
export const mostFalseStarts = 3;
