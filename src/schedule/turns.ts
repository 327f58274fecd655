/** The fair end of a schedule: what is left to say of an execution in which everybody has his turn, whatever happens. */

/** From step `from` on the threads take turns of `quantum` steps each. */
export interface Turns {
  readonly from: number;
  readonly quantum: number;
}
