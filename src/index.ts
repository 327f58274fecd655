/** The public door of the harness. The runtime has a door of its own: threadproof/runtime. */

export {
  type BlockedThread,
  type DataRace,
  isFinding,
  type Outcome,
  type OutcomeKind,
  type RacingAccess,
  type Stuck,
  type StuckKind,
} from './engine/outcome.ts';
export { mostThreads, type Program, ProgramError } from './engine/program.ts';
export type { TraceStep } from './engine/trace.ts';
export { exploreModule, type ModuleOptions } from './executors.ts';
export {
  type ExecutorName,
  type ExploreOptions,
  type ExploreResult,
  explore,
  type OtherFinding,
  type StrategyName,
} from './explore.ts';
export type { OperationOptions } from './generate/body.ts';
export {
  type CaseFinding,
  ConcurrencyError,
  type ConcurrentCase,
  type ConcurrentOptions,
  concurrentProgram,
  type Run,
} from './generate/concurrent.ts';
export type { Operation, Plan } from './generate/plan.ts';
export { type History, type OperationRecord, type Threw, threw } from './history/history.ts';
export { formatDiagram, formatLines, parseHistory } from './history/notation.ts';
export { Recorder } from './history/recorder.ts';
export { type Site, UnsupportedError } from './instrument/host.ts';
export { type CheckOptions, type CheckResult, checkLinearizable } from './linearize/check.ts';
export { explain } from './linearize/explain.ts';
export {
  blocked,
  type Call,
  type Effect,
  type Specification,
  specification,
} from './linearize/specification.ts';
export {
  exitCodeOf,
  runScenario,
  type Scenario,
  type ScenarioOutcome,
  type ScenarioResult,
  type ScenarioSummary,
  summarise,
} from './report/scenarios.ts';
export { decodeSchedule, encodeSchedule, type Schedule, ScheduleError } from './schedule/codec.ts';
export { type Segment, type SegmentsConstraints, segments } from './schedule/segments.ts';
export { fair } from './strategy/fair.ts';
export { pct } from './strategy/pct.ts';
export { type Member, portfolio } from './strategy/portfolio.ts';
export { pos } from './strategy/pos.ts';
export { random } from './strategy/random.ts';
export { rff } from './strategy/rff.ts';
export { roundRobin } from './strategy/round-robin.ts';
export { followSegments } from './strategy/segments.ts';
export type { SchedulerView, Strategy } from './strategy/strategy.ts';
export { surw } from './strategy/surw.ts';
export { urw } from './strategy/urw.ts';
