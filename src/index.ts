/** The public door of the harness. The runtime has a door of its own: threadproof/runtime. */

export { type BlockedThread, isFinding, type Outcome, type OutcomeKind } from './engine/outcome.ts';
export { mostThreads, type Program, ProgramError } from './engine/program.ts';
export type { TraceStep } from './engine/trace.ts';
export { explore, type ExploreOptions, type ExploreResult, type StrategyName } from './explore.ts';
export { type History, type OperationRecord, type Threw, threw } from './history/history.ts';
export { formatDiagram, formatLines, parseHistory } from './history/notation.ts';
export { Recorder } from './history/recorder.ts';
export { type Site, UnsupportedError } from './instrument/host.ts';
export { type CheckOptions, type CheckResult, checkLinearizable } from './linearize/check.ts';
export { explain } from './linearize/explain.ts';
export { blocked, type Call, type Effect, type Specification, specification } from './linearize/specification.ts';
export { decodeSchedule, encodeSchedule, type Schedule, ScheduleError } from './schedule/codec.ts';
export {
  type CaseFinding,
  ConcurrencyError,
  type ConcurrentCase,
  type ConcurrentOptions,
  concurrentProgram,
  type Operation,
  type OperationOptions,
  type Plan,
  type Run,
} from './schedule/concurrent.ts';
export { followSegments, type Segment, type SegmentsConstraints, segments } from './schedule/segments.ts';
export { pct } from './strategy/pct.ts';
export { random } from './strategy/random.ts';
export { roundRobin } from './strategy/round-robin.ts';
export type { SchedulerView, Strategy } from './strategy/strategy.ts';
