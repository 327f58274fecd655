/**
 * Writes a module with its twins. One walk over the tree writes everything; the same function node is walked twice, once
 * as the plain function and once as its twin, and `#frame` says which of the two is being written. Long, because it is
 * one walk over one grammar, whose cases call each other.
 *
 * Helpers are globals of the module with a prefix that the source does not use; here they are written `$`:
 *   $T the twin symbol    $P pair(plain, twin)   $F pair a named function expression   $D pair an anonymous default export
 *   $M pair class members $B bind `this`         $L bind `this` lazily                 $R a twin that refuses   $X refuse now
 *   $s step               $G template tag        $S the module's first site            $O refuse methods of a literal
 *   $Q the plain symbol   $C call with `this`    $N what stands for a missing callee   $K to property key
 *   $V pair a private method                     $Y take a method out of an object     $H the host's helpers
 *   $w watch a plain access                      $d a watched target of an assignment  $h the host
 *   $W and $E are those two in frames that cannot be suspended
 * Those that plain code uses are hoisted functions: in a circle of modules it may run before the first line of its module.
 */
import type * as acorn from 'acorn';
import {
  type AnyNode,
  type ClassNode,
  callsInChain,
  capturesOf,
  childrenOf,
  declaredFunction,
  type FunctionNode,
  fieldName,
  identifiersIn,
  isAnonymousFunction,
  isClass,
  isFunction,
  isInChain,
  isPublicMethod,
  isSuperMember,
  lineEnd,
  literalName,
  namesOf,
  sloppyFault,
  varNames,
} from './ast.ts';
import {
  addTargets,
  copiedView,
  elementKeys,
  isElement,
  isViewMethod,
  touchesElements,
} from './plain-access.ts';
import { isWordAt, type Position, type Rope, type Slot } from './rope.ts';
import { pathOf, type Scope, type Scopes } from './scope.ts';
import { atomicSteps } from './step.ts';
import { stepless } from './stepless.ts';

/** How deep functions with twins may nest. Every level doubles the text of what is inside. */
const deepest = 7;

/** Before a node of our own: tools that count statements, branches and functions leave it out, with all that is in it. */
const unseen = '/*v8 ignore next*/';

/** The twin that is being written: how many temporaries it needs. */
interface Frame {
  used: number;
  most: number;
}

type TwinKind = 'none' | 'twin' | { readonly refuse: string };

export interface EmitterInput {
  readonly code: string;
  readonly program: acorn.Program;
  readonly scopes: Scopes;
  readonly rope: Rope;
  readonly toOriginal: (offset: number) => Position | undefined;
  readonly file: string;
  /** What the module may be called in a stack: its file, and the sources it was made from. */
  readonly names: readonly string[];
}

export class Emitter {
  readonly #code: string;
  readonly #program: acorn.Program;
  readonly #scopes: Scopes;
  readonly #rope: Rope;
  readonly #toOriginal: (offset: number) => Position | undefined;
  readonly #file: string;
  readonly #names: readonly string[];
  readonly #isScript: boolean;
  /** Prefix of every name that we add. */
  readonly #p: string;
  readonly #declared = new Set<string>();
  /** Function declarations that a later one of the same name replaces. */
  readonly #replaced = new Set<AnyNode>();
  readonly #sites: number[] = [];
  /** Private methods of the classes around the current place, innermost last: which have a twin. */
  readonly #privates: Map<string, boolean>[] = [];
  /** Where a switch has its functions paired: the case that is evaluated or entered first, whichever is entered in the end. */
  readonly #switchPairs = new Map<AnyNode, readonly AnyNode[]>();
  /** Names and elements that are assigned to, the latter by a pattern or the head of a loop, what `delete` names, and what plain code calls, with its receiver: none is read. */
  readonly #targets = new Set<AnyNode>();
  readonly #unread = new Set<AnyNode>();
  /** Keys of object patterns that may be elements: the temporaries of the object, and of the key. */
  readonly #patternKeys = new Map<AnyNode, readonly [o: string, k: string]>();
  #scope: Scope;
  /** The twin being written, or undefined in plain code. */
  #frame: Frame | undefined;
  /** The constructor, accessor, generator or initialiser being written, whose plain accesses are told although it is no twin. */
  #plainFrame: Frame | undefined;
  /** True inside the twin of an arrow function: `arguments`, `super` and `new.target` have stand-ins there. */
  #inArrowTwin = false;
  /** True in the constructor of a derived class, where `this` may not exist yet. */
  #inDerivedConstructor = false;
  #depth = 0;
  #keys = 0;
  #twins = 0;
  #plainFrames = 0;

  constructor(input: EmitterInput) {
    this.#code = input.code;
    this.#program = input.program;
    this.#scopes = input.scopes;
    this.#rope = input.rope;
    this.#toOriginal = input.toOriginal;
    this.#file = input.file;
    this.#names = input.names;
    this.#isScript = input.program.sourceType === 'script';
    let prefix = '$tp_';
    for (let i = 0; input.code.includes(prefix); i++) prefix = `$tp${i}_`;
    this.#p = prefix;
    this.#scope = input.scopes.get(input.program)!;
    for (const scope of input.scopes.values())
      for (const name of scope.names.keys()) this.#declared.add(name);
  }

  /** Writes the module. Returns the number of twins. */
  emitProgram(): number {
    const p = this.#p;
    const program = this.#program;
    const hashbang = /^#!.*/.exec(this.#code)?.[0].length ?? 0;
    this.#rope.copy(0, hashbang);
    const { end: afterDirectives, rest } = this.#directives(program.body as acorn.Statement[], hashbang);
    const prelude = this.#rope.slot();
    this.#hoistedPairs(rest);
    const end = this.#statements(rest, afterDirectives);
    this.#rope.copy(end, program.end);
    const constants = 'T,Q,C,N,X,s,G,w,d'.split(',').map((name) => `${name}:${p}${name}`);
    const functions = 'FDMBLROKVY'
      .split('')
      .map((name) => `${unseen}function ${p}${name}(a,b){return ${p}H().${name}(a,b)}`);
    // A closure is paired whenever it is made. In the host this would see the functions of all modules, and storing in them would be slow.
    functions.push(
      `${unseen}function ${p}P(a,b){let h=${p}H();a[h.T]=b;b[h.Q]=a;return a}`,
      `${unseen}function ${p}W(a,b,c,d){${p}H().w(a,b,c,d)}${unseen}function ${p}E(a,b,c){return ${p}H().d(a,b,c)}`,
    );
    const keys = Array.from({ length: this.#keys }, (_, i) => `${p}k${i}`);
    const names = JSON.stringify(this.#names);
    prelude.text =
      this.#twins + this.#plainFrames === 0
        ? // Even without twins a module with steps (in a constructor, say) must be known as instrumented.
          this.#code.includes('Atomics')
          ? `${unseen}globalThis[Symbol.for("threadproof.host")]?.instrumented(${names});`
          : ''
        : `${hashbang > 0 ? '\n' : ''}var ${[`${p}h`, `${p}S`, ...keys].join(',')};` +
          `${unseen}function ${p}H(){if(${p}h===undefined&&(${p}h=globalThis[Symbol.for("threadproof.host")])===undefined)throw new Error("threadproof: this module was instrumented but its host is not installed: use the vitest plugin or the loader");return ${p}h.helpers}` +
          `${functions.join('')}${unseen}const {${constants.join(',')}}=${p}H(),${p}U=(${p}h.instrumented(${names}),${p}S=${p}h.sites(${JSON.stringify(this.#file)},${JSON.stringify(this.#sites)}));`;
    return this.#twins;
  }

  // --- statements ---------------------------------------------------------------------------------------------

  /** Copies a directive prologue. */
  #directives(body: readonly AnyNode[], from: number): { end: number; rest: readonly AnyNode[] } {
    let i = 0;
    let end = from;
    for (; i < body.length; i++) {
      const statement = body[i]!;
      if (statement.type !== 'ExpressionStatement' || statement.directive === undefined) break;
      this.#rope.copy(end, statement.end);
      if (this.#code[statement.end - 1] !== ';') this.#rope.add(';');
      end = statement.end;
    }
    return { end, rest: body.slice(i) };
  }

  /** Function declarations are hoisted, so their twins are attached before anything in their block runs. */
  #hoistedPairs(body: readonly AnyNode[], end = ';'): void {
    const last = new Map<string, acorn.FunctionDeclaration>();
    for (const statement of body) {
      const declaration = declaredFunction(statement);
      if (declaration === undefined) continue;
      if (declaration.id === null) {
        this.#declarationPair(declaration, end);
        continue;
      }
      const before = last.get(declaration.id.name);
      if (before !== undefined) this.#replaced.add(before);
      last.set(declaration.id.name, declaration);
    }
    for (const declaration of last.values()) this.#declarationPair(declaration, end);
  }

  #declarationPair(node: acorn.FunctionDeclaration | acorn.AnonymousFunctionDeclaration, end: string): void {
    const p = this.#p;
    const kind = this.#twinKind(node);
    if (kind === 'none') return;
    const name = node.id?.name ?? `${p}default`;
    const helper = node.id ? 'P' : 'D';
    const twin = kind === 'twin' ? `${p}tw_${name}` : this.#refusal(kind.refuse, node.start);
    this.#rope.add(`${unseen}${p}${helper}(${name},${twin})${end}`, node.start);
  }

  /** Writes a list of statements from offset `from`; returns the offset after the last. */
  #statements(body: readonly AnyNode[], from: number): number {
    let at = from;
    for (const statement of body) {
      this.#rope.copy(at, statement.start);
      if (statement.type === 'VariableDeclaration') this.#variables(statement);
      else if (
        statement.type === 'ExportNamedDeclaration' &&
        statement.declaration?.type === 'VariableDeclaration'
      ) {
        this.#rope.copy(statement.start, statement.declaration.start);
        this.#variables(statement.declaration);
        this.#rope.copy(statement.declaration.end, statement.end);
      } else this.#emit(statement);
      at = statement.end;
    }
    return at;
  }

  /**
   * A declaration as a statement: the anonymous function that is its last value keeps the name it gets from it, and is paired
   * right after it. Those before it are paired where they stand, for what follows them may call them.
   */
  #variables(node: acorn.VariableDeclaration): void {
    const last = node.declarations.at(-1)!; // the grammar has one at least
    const { id, init } = last;
    const isPaired =
      id.type === 'Identifier' && init && isAnonymousFunction(init) && this.#twinKind(init) !== 'none';
    this.#children(node, (declarator) => {
      if (declarator !== last || !isPaired) return this.#emit(declarator);
      this.#rope.copy(declarator.start, init.start);
      this.#plainFunction(init);
      this.#rope.copy(init.end, declarator.end);
    });
    this.#terminate(node);
    if (!isPaired) return;
    // To a tool that counts statements this is the initialiser again.
    this.#rope.add(`${this.#p}P(${id.name},`, init.start);
    this.#twinValue(init);
    this.#rope.add(');', this.#last(init));
  }

  /** A block from its `{` to its `}`. `opening` writes what must come first inside. */
  #block(node: AnyNode & { body: readonly AnyNode[] }, opening?: () => void, open = node.start): void {
    const bodyStart = this.#find('{', open) + 1;
    this.#rope.copy(open, bodyStart);
    const { end, rest } = this.#directives(node.body, bodyStart);
    opening?.();
    this.#hoistedPairs(rest);
    const last = this.#statements(rest, end);
    this.#rope.copy(last, node.end);
  }

  // --- everything ---------------------------------------------------------------------------------------------

  #emit(node: AnyNode): void {
    const outer = this.#scope;
    const scope = isFunction(node) ? undefined : this.#scopes.get(node);
    if (scope !== undefined) this.#scope = scope;
    // The start of every node in every form that it is written in, also where our text comes first: coverage counts by it.
    this.#rope.anchor(node.start);
    this.#dispatch(node);
    if (node.end > node.start) this.#rope.close(this.#last(node));
    this.#scope = outer;
  }

  /** The offset by which the map knows the last character of a node: that of its last word or sign. */
  #last(node: AnyNode): number {
    let at = node.end - 1;
    while (at > node.start && isWordAt(this.#code, at) && isWordAt(this.#code, at - 1)) at--;
    return at;
  }

  #dispatch(node: AnyNode): void {
    switch (node.type) {
      case 'FunctionDeclaration':
        this.#functionDeclaration(node);
        return;
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        this.#functionValue(node, undefined);
        return;
      case 'ClassDeclaration':
      case 'ClassExpression':
        this.#class(node);
        return;
      case 'ObjectExpression':
        this.#object(node);
        return;
      case 'BlockStatement':
        this.#block(node);
        return;
      case 'SwitchCase': {
        const paired = this.#switchPairs.get(node);
        let at = node.start;
        if (node.test) {
          this.#rope.copy(at, node.test.start);
          if (paired !== undefined) {
            this.#rope.add('(');
            this.#hoistedPairs(paired, ',');
          }
          this.#emit(node.test);
          if (paired !== undefined) this.#rope.add(')');
          at = node.test.end;
        } else if (paired !== undefined) {
          const colon = this.#find(':', at) + 1;
          this.#rope.copy(at, colon);
          at = colon;
          this.#hoistedPairs(paired);
        }
        const end = this.#statements(node.consequent, at);
        this.#rope.copy(end, node.end);
        return;
      }
      case 'SwitchStatement': {
        // A switch has no first statement to hoist into: any case may be entered. But the first test comes before all.
        const first = node.cases.find((c) => c.test) ?? node.cases[0];
        const body = node.cases.flatMap((c) => c.consequent);
        if (first !== undefined && body.some((s) => declaredFunction(s) !== undefined))
          this.#switchPairs.set(first, body);
        this.#children(node);
        return;
      }
      case 'IfStatement':
        this.#children(node, (child) => {
          if (child.type !== 'FunctionDeclaration') return this.#emit(child);
          // Sloppy code may declare a function there, as if in a block.
          this.#rope.add('{');
          this.#hoistedPairs([child]);
          this.#emit(child);
          this.#rope.add('}');
        });
        return;
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
        if (node.type !== 'ForStatement') addTargets(node.left, this.#targets);
        this.#children(node, (child) => {
          if (child.type === 'VariableDeclaration' && child !== node.body) this.#children(child);
          else this.#emit(child);
        });
        return;
      case 'SequenceExpression':
        // Where we write lists of our own, the author's parentheses around it are not copied.
        this.#rope.add('(', node.start);
        this.#children(node);
        this.#rope.add(')');
        return;
      case 'ExpressionStatement':
        if (node.directive !== undefined) this.#rope.copy(node.start, node.end);
        else this.#children(node);
        this.#terminate(node);
        return;
      case 'VariableDeclaration':
      case 'ReturnStatement':
      case 'ThrowStatement':
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'DoWhileStatement':
      case 'DebuggerStatement':
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
        this.#children(node);
        this.#terminate(node);
        return;
      case 'ExportNamedDeclaration':
        this.#children(node);
        if (!node.declaration) this.#terminate(node);
        return;
      case 'ExportDefaultDeclaration': {
        const value = node.declaration;
        this.#rope.copy(node.start, value.start);
        if (isAnonymousFunction(value) && value.type !== 'FunctionDeclaration')
          this.#functionValue(value, '"default"');
        else this.#emit(value);
        this.#rope.copy(value.end, node.end);
        if (value.type !== 'FunctionDeclaration' && value.type !== 'ClassDeclaration') this.#terminate(node);
        return;
      }
      case 'VariableDeclarator':
        this.#named(node, node.id, node.init);
        return;
      case 'AssignmentExpression':
        if (this.#isWatched(node.left)) {
          this.#watchedAssignment(node, node.left as acorn.MemberExpression);
          return;
        }
        if (node.left.type !== 'MemberExpression') addTargets(node.left, this.#targets);
        this.#named(node, node.left, node.operator.endsWith('=') ? node.right : null);
        return;
      case 'AssignmentPattern':
        this.#named(node, node.left, node.right);
        return;
      case 'ImportSpecifier':
      case 'ExportSpecifier':
      case 'MetaProperty':
        if (this.#inArrowTwin && node.type === 'MetaProperty' && node.meta.name === 'new')
          this.#rope.add(`${this.#p}nt`);
        else this.#rope.copy(node.start, node.end);
        return;
      case 'Identifier':
        if (this.#inArrowTwin && node.name === 'arguments') this.#rope.add(`${this.#p}ar`, node.start);
        else if (this.#isOwnNameTarget(node)) this.#ownNameTarget(node);
        else this.#rope.copy(node.start, node.end);
        return;
      case 'Property': {
        // Of a pattern: those of literals are written by `#object`.
        const element = this.#patternKeys.get(node);
        if (element !== undefined) {
          this.#watchedKey(node as acorn.Property, element);
          return;
        }
        const target = node.value.type === 'AssignmentPattern' ? node.value.left : node.value;
        if (node.shorthand && this.#isOwnNameTarget(target)) {
          this.#rope.copy(target.start, target.end);
          this.#rope.add(':');
        }
        this.#children(node);
        return;
      }
      case 'MemberExpression':
        this.#member(node);
        return;
      case 'CallExpression':
        this.#call(node);
        return;
      case 'NewExpression': {
        const copied = this.#frame === undefined ? undefined : copiedView(node);
        this.#children(node, (child) => {
          if (child !== copied) return this.#emit(child);
          this.#rope.add(`${this.#p}H().W(`);
          this.#emit(child);
          this.#rope.add(`,${this.#site(node.start)})`);
        });
        return;
      }
      case 'TaggedTemplateExpression':
        this.#taggedTemplate(node);
        return;
      case 'ChainExpression':
        if (this.#frame !== undefined && (this.#suspends(node) || this.#isWatchedChain(node))) {
          this.#chain(node);
          return;
        }
        if (this.#plainFrame !== undefined && this.#isWatchedChain(node) && !callsInChain(node))
          this.#chain(node);
        else this.#plainChain(node);
        return;
      case 'UpdateExpression':
        if (node.argument.type === 'Identifier') this.#targets.add(node.argument);
        if (this.#isWatched(node.argument))
          this.#watchedUpdate(node, node.argument as acorn.MemberExpression);
        else this.#children(node);
        return;
      case 'UnaryExpression':
        if (node.operator === 'delete') this.#unread.add(node.argument);
        if (
          this.#frame !== undefined &&
          node.operator === 'delete' &&
          node.argument.type === 'ChainExpression' &&
          this.#suspends(node.argument)
        ) {
          this.#refuseHere('delete of an optional chain with calls', node);
          return;
        }
        this.#children(node);
        return;
      default:
        this.#children(node);
        return;
    }
  }

  /** The author's text with its child nodes written anew. */
  #children(node: AnyNode, emit: (child: AnyNode) => void = (child) => this.#emit(child)): void {
    let at = node.start;
    for (const child of childrenOf(node)) {
      this.#rope.copy(at, child.start);
      emit(child);
      at = child.end;
    }
    this.#rope.copy(at, node.end);
  }

  /** Our text may begin with a parenthesis, so no statement may lean on automatic semicolons. */
  #terminate(node: AnyNode): void {
    if (this.#code[node.end - 1] !== ';') this.#rope.add(';');
  }

  /** `target = value`, where an anonymous function takes its name from the target. */
  #named(node: AnyNode, target: AnyNode, value: AnyNode | null | undefined): void {
    if (this.#frame !== undefined && value && elementKeys(node).length > 0) this.#watchedPattern(node, value);
    else if (target.type === 'Identifier' && value && isAnonymousFunction(value)) {
      this.#children(node, (child) => {
        if (child === value) this.#functionValue(value, JSON.stringify(target.name));
        else this.#emit(child);
      });
    } else this.#children(node);
  }

  #member(node: acorn.MemberExpression): void {
    if (node.object.type === 'Super') {
      if (!this.#inArrowTwin) {
        this.#children(node);
        return;
      }
      this.#rope.add(`(${this.#p}sg(`, node.start);
      if (node.computed) this.#emit(node.property);
      else this.#rope.add(JSON.stringify((node.property as acorn.Identifier).name));
      this.#rope.add('))');
      return;
    }
    if (
      node.property.type === 'PrivateIdentifier' &&
      !isInChain(node) &&
      this.#privateTwin(node.property.name)
    ) {
      // A private method taken as a value cannot carry its twin from the class: it is paired where it is taken.
      this.#rope.add(`(${this.#privateValue(node.property.name)})(`, node.start);
      this.#emit(node.object);
      this.#rope.add(')');
      return;
    }
    if (!this.#isWatched(node) || isInChain(node) || this.#unread.has(node)) this.#children(node);
    else if (this.#targets.has(node)) this.#watchedTarget(node);
    else this.#watchedRead(node);
  }

  // --- plain accesses -------------------------------------------------------------------------------------------

  /** Whether `node` is an element whose accesses are told in what is being written now. */
  #isWatched(node: AnyNode): boolean {
    if ((this.#frame ?? this.#plainFrame) === undefined || !isElement(node)) return false;
    const { object } = node as acorn.MemberExpression;
    return !(object.type === 'Identifier' && stepless.has(object.name) && !this.#declared.has(object.name));
  }

  #isWatchedChain(node: acorn.ChainExpression): boolean {
    return !this.#unread.has(node) && this.#touches(node);
  }

  /** `$o = (object), $k = (key)` and the call that tells; what follows uses `$o[$k]`. */
  #watchedElement(
    node: acorn.MemberExpression,
    o: string,
    k: string,
    write: boolean | undefined,
    at: number,
  ): void {
    this.#rope.add(`(${o}=(`, at);
    this.#emit(node.object);
    this.#rope.add(`),${k}=(`);
    this.#emit(node.property);
    this.#rope.add('),');
    if (write !== undefined) this.#rope.add(`${this.#watch(o, k, node, write)},`);
  }

  #watch(o: string, k: string, node: AnyNode, write: boolean): string {
    return `${this.#p}${this.#frame === undefined ? 'W' : 'w'}(${o},${k},${this.#site(node.start)},${write})`;
  }

  #watchedRead(node: acorn.MemberExpression): void {
    const [o, k] = this.#take(2) as [string, string];
    this.#watchedElement(node, o, k, false, node.start);
    this.#rope.add(`${o}[${k}])`, this.#last(node));
    this.#give(2);
  }

  #watchedTarget(node: acorn.MemberExpression): void {
    this.#rope.add(`${this.#p}${this.#frame === undefined ? 'E' : 'd'}((`, node.start);
    this.#emit(node.object);
    this.#rope.add('),(');
    this.#emit(node.property);
    this.#rope.add(`),${this.#site(node.start)}).v`, this.#last(node));
  }

  /** A compound assignment reads first; the write is told when the value is known, which for `||=` and its like may be never. */
  #watchedAssignment(node: acorn.AssignmentExpression, left: acorn.MemberExpression): void {
    const [o, k, v] = this.#take(3) as [string, string, string];
    this.#watchedElement(left, o, k, node.operator === '=' ? undefined : false, node.start);
    this.#rope.add(`${o}[${k}]${node.operator}(${v}=(`);
    this.#emit(node.right);
    this.#rope.add(`),${this.#watch(o, k, left, true)},${v}))`, this.#last(node));
    this.#give(3);
  }

  #watchedUpdate(node: acorn.UpdateExpression, argument: acorn.MemberExpression): void {
    const [o, k] = this.#take(2) as [string, string];
    this.#watchedElement(argument, o, k, false, node.start);
    this.#rope.add(`${this.#watch(o, k, argument, true)},`);
    const element = `${o}[${k}]`;
    this.#rope.add(
      `${node.prefix ? `${node.operator}${element}` : `${element}${node.operator}`})`,
      this.#last(node),
    );
    this.#give(2);
  }

  /** `{ [key]: x } = value`: the object is kept for its keys, each of which tells of its element. */
  #watchedPattern(node: AnyNode, value: AnyNode): void {
    const [o, k] = this.#take(2) as [string, string];
    for (const property of elementKeys(node)) this.#patternKeys.set(property, [o, k]);
    this.#children(node, (child) => {
      if (child !== value) return this.#emit(child);
      this.#rope.add(`(${o}=(`, child.start);
      this.#emit(child);
      this.#rope.add('))');
    });
    this.#give(2);
  }

  #watchedKey(node: acorn.Property, [o, k]: readonly [string, string]): void {
    this.#rope.add(`[(${k}=(`, node.start);
    if (node.computed) this.#emit(node.key);
    else this.#rope.copy(node.key.start, node.key.end);
    this.#rope.add(`),${this.#watch(o, k, node, false)},${k})]`);
    this.#rope.copy(this.#find(':', node.key.end), node.value.start);
    this.#emit(node.value);
    this.#rope.copy(node.value.end, node.end);
  }

  #privateValue(name: string): string {
    const x = `${this.#p}x`;
    return `${unseen}${x}=>${this.#p}V(${x}.#${name},${x}.#${this.#p}${name})`;
  }

  /** An optional chain that cannot suspend. */
  #plainChain(node: acorn.ChainExpression): void {
    const last = node.expression;
    if (
      last.type !== 'MemberExpression' ||
      last.property.type !== 'PrivateIdentifier' ||
      !this.#privateTwin(last.property.name)
    ) {
      this.#children(node);
      return;
    }
    const x = `${this.#p}x`;
    this.#rope.add(
      `(${unseen}${x}=>${x}===null||${x}===undefined?undefined:(${this.#privateValue(last.property.name)})(${x}))(`,
      node.start,
    );
    this.#emit(last.object);
    this.#rope.add(')');
  }

  // --- functions ----------------------------------------------------------------------------------------------

  #twinKind(node: FunctionNode): TwinKind {
    if (node.async) return { refuse: `async function${node.id ? ` ${node.id.name}` : ''}` };
    if (node.generator) return 'none';
    if (![node.body, ...node.params].some((part) => this.#suspends(part))) return this.#watchedKind(node);
    if (this.#depth >= deepest) return { refuse: `function nested more than ${deepest} levels deep` };
    const fault = this.#isScript ? sloppyFault(node) : undefined;
    if (fault !== undefined) return { refuse: `function with a ${fault}` };
    if (node.type === 'ArrowFunctionExpression') {
      const captures = capturesOf(node);
      if (captures.superCall) return { refuse: 'arrow function that calls super()' };
      if (captures.superWrite) return { refuse: 'arrow function that assigns to super' };
    } else if (
      capturesOf(node.body).superWrite &&
      node.params.some((param) => this.#suspends(param) || this.#touches(param)) &&
      this.#varsInParams(node) !== undefined
    )
      return { refuse: 'method that assigns to super and has variables with names that its parameters use' };
    return 'twin';
  }

  /** A function without steps has a twin where it may touch shared memory; what would be refused stays as it is. */
  #watchedKind(node: FunctionNode): 'none' | 'twin' {
    if (this.#depth >= deepest || ![node.body, ...node.params].some((part) => this.#touches(part)))
      return 'none';
    if (this.#isScript && sloppyFault(node) !== undefined) return 'none';
    if (node.type !== 'ArrowFunctionExpression') return 'twin';
    const { superCall, superWrite } = capturesOf(node);
    return superCall || superWrite ? 'none' : 'twin';
  }

  #touches(node: AnyNode): boolean {
    let answer = this.#touchesCache.get(node);
    if (answer === undefined) {
      answer = touchesElements(node, childrenOf);
      this.#touchesCache.set(node, answer);
    }
    return answer;
  }
  readonly #touchesCache = new WeakMap<AnyNode, boolean>();

  /** Whether running `node` (not the functions inside it) may meet a step: it has a call that is not known to be harmless. */
  #suspends(node: AnyNode): boolean {
    const known = this.#suspendsCache.get(node);
    if (known !== undefined) return known;
    const answer = this.#computeSuspends(node);
    this.#suspendsCache.set(node, answer);
    return answer;
  }
  readonly #suspendsCache = new WeakMap<AnyNode, boolean>();

  #computeSuspends(node: AnyNode): boolean {
    if (isFunction(node)) return false;
    if (node.type === 'TaggedTemplateExpression') return true;
    if (node.type === 'CallExpression' && !this.#isStepless(node)) return true;
    if (isClass(node)) {
      if (node.superClass && this.#suspends(node.superClass)) return true;
      return node.body.body.some((m) => m.type !== 'StaticBlock' && m.computed && this.#suspends(m.key));
    }
    return childrenOf(node).some((child) => this.#suspends(child));
  }

  #isStepless(node: acorn.CallExpression): boolean {
    const { callee } = node;
    if (callee.type === 'Super') return true;
    const root = callee.type === 'MemberExpression' ? callee.object : callee;
    return root.type === 'Identifier' && stepless.has(root.name) && !this.#declared.has(root.name);
  }

  #functionDeclaration(node: acorn.FunctionDeclaration | acorn.AnonymousFunctionDeclaration): void {
    const kind = this.#twinKind(node);
    const anonymous = node.id === null && kind !== 'none';
    this.#plainFunction(node, anonymous ? `${this.#p}default` : undefined);
    if (kind !== 'twin' || this.#replaced.has(node)) return;
    this.#rope.add('function* ', node.start);
    this.#rope.add(`${this.#p}tw_${node.id?.name ?? `${this.#p}default`}`, node.id?.start);
    this.#twinRest(node);
  }

  /** A function expression or an arrow function where a value stands, paired with its twin. `name` is an expression. */
  #functionValue(node: FunctionNode, name: string | undefined): void {
    const kind = this.#twinKind(node);
    if (kind === 'none') {
      this.#plainFunction(node);
      return;
    }
    const p = this.#p;
    const self = node.type === 'FunctionExpression' ? node.id?.name : undefined;
    this.#rope.add(`${p}${self !== undefined && kind === 'twin' ? 'F' : 'P'}(`, node.start);
    // An object literal gives an anonymous function its name as the author's own position would have.
    if (name !== undefined) this.#rope.add(`{[${name}]:`);
    this.#plainFunction(node);
    if (name !== undefined) this.#rope.add(`}[${name}]`);
    this.#rope.add(',');
    if (self !== undefined && kind === 'twin') this.#rope.add(`${self}=>`, (node.id as AnyNode).start);
    this.#twinOrRefusal(node, kind);
    this.#rope.add(')', this.#last(node));
  }

  /** Whether `node` is assigned to and is the name of a function expression, which for the twin is a parameter of ours. */
  #isOwnNameTarget(node: AnyNode): boolean {
    return (
      node.type === 'Identifier' &&
      this.#targets.has(node) &&
      this.#scope.resolve(node.name)?.isOwnName === true
    );
  }

  /** Strict code gets a TypeError for it, and in sloppy code nothing comes of it. */
  #ownNameTarget(node: acorn.Identifier): void {
    this.#rope.add(`${this.#p}H().A(${node.name},${!this.#isScript}).v`, node.start);
  }

  #twinValue(node: FunctionNode): void {
    this.#twinOrRefusal(node, this.#twinKind(node));
  }

  #twinOrRefusal(node: FunctionNode, kind: TwinKind): void {
    if (kind === 'twin') this.#twinExpression(node);
    else this.#rope.add(this.#refusal(kind === 'none' ? 'function' : kind.refuse, node.start));
  }

  /** The function as the author wrote it, with the functions inside it paired. */
  #plainFunction(node: FunctionNode, newName?: string, isWatched = node.generator && !node.async): void {
    const frame = this.#frame;
    const plainFrame = this.#plainFrame;
    const inArrowTwin = this.#inArrowTwin;
    const inDerived = this.#inDerivedConstructor;
    const scope = this.#scope;
    this.#frame = undefined;
    this.#plainFrame = undefined;
    this.#scope = this.#scopes.get(node)!;
    if (node.type !== 'ArrowFunctionExpression') {
      this.#inArrowTwin = false;
      this.#inDerivedConstructor = false;
    }
    this.#depth++;
    let at = node.start;
    if (newName !== undefined) {
      at = this.#find('(', node.start);
      this.#rope.copy(node.start, at);
      this.#rope.add(` ${newName}`);
    }
    for (const child of childrenOf(node)) {
      if (child === node.id) continue;
      this.#rope.copy(at, child.start);
      if (isWatched && child.type === 'BlockStatement' && child === node.body) this.#watchedBlock(child);
      else this.#emit(child);
      at = child.end;
    }
    this.#rope.copy(at, node.end);
    this.#depth--;
    this.#plainFrame = plainFrame;
    this.#frame = frame;
    this.#inArrowTwin = inArrowTwin;
    this.#inDerivedConstructor = inDerived;
    this.#scope = scope;
  }

  /** The body of a frame that cannot be suspended: its plain accesses are told all the same. */
  #watchedBlock(node: AnyNode & { body: readonly AnyNode[] }): void {
    const plainFrame = this.#plainFrame;
    const own: Frame = { used: 0, most: 0 };
    let temporaries: Slot | undefined;
    if (this.#touches(node)) this.#plainFrames++;
    this.#plainFrame = own;
    this.#block(node, () => {
      temporaries = this.#rope.slot();
    });
    this.#plainFrame = plainFrame;
    if (temporaries !== undefined) this.#declareTemporaries(own, temporaries);
  }

  /** The value of a field: the temporaries are the parameters of an arrow. */
  #watchedValue(node: AnyNode): void {
    // A class takes its name from the field, where it stands alone.
    if (isClass(node) || !this.#touches(node)) {
      this.#emit(node);
      return;
    }
    const own: Frame = { used: 0, most: 0 };
    this.#plainFrames++;
    this.#rope.add(`${unseen}((`);
    const names = this.#rope.slot();
    this.#rope.add(')=>(');
    this.#plainFrame = own;
    this.#emit(node);
    this.#plainFrame = undefined;
    this.#rope.add('))()', this.#last(node));
    names.text = this.#temporaries(own);
  }

  #temporaries({ most }: Frame): string {
    return Array.from({ length: most }, (_, i) => `${this.#p}${i}`).join(',');
  }

  /** A twin as an expression. An arrow's twin takes `this` and its companions from around it, as the arrow does. */
  #twinExpression(node: FunctionNode): void {
    const p = this.#p;
    const captures = node.type === 'ArrowFunctionExpression' ? capturesOf(node) : undefined;
    const { names, values } = captures !== undefined ? this.#standIns(node) : { names: [], values: [] };
    const lazy = this.#inDerivedConstructor;
    if (captures?.this) this.#rope.add(`${p}${lazy ? 'L' : 'B'}(`);
    if (names.length > 0) this.#rope.add(`((${names.join(',')})=>`);
    this.#rope.add('function*', node.start);
    // Tools know a named function by the place of its name.
    if (node.type === 'FunctionExpression' && node.id)
      this.#rope.add(` ${p}tw_${node.id.name}`, node.id.start);
    this.#twinRest(node);
    if (names.length > 0) this.#rope.add(`)(${values.join(',')})`);
    if (captures?.this) this.#rope.add(lazy ? `,${unseen}()=>this)` : ',this)');
  }

  /** What `node` takes from around it and a generator has of its own: the names that stand for it there, and their values here. */
  #standIns(node: AnyNode): { names: readonly string[]; values: readonly string[] } {
    const p = this.#p;
    const names: string[] = [];
    const values: string[] = [];
    if (this.#inArrowTwin) return { names, values }; // they stand already
    const captures = capturesOf(node);
    // At the top of a module there are no arguments: naming ours there is the ReferenceError that the author's would be.
    if (captures.arguments && (this.#isScript || this.#scope.resolve('arguments') !== undefined)) {
      names.push(`${p}ar`);
      values.push('arguments');
    }
    if (captures.newTarget) {
      names.push(`${p}nt`);
      values.push('new.target');
    }
    if (captures.super) {
      names.push(`${p}sg`);
      values.push(`${unseen}${p}k=>super[${p}k]`);
    }
    return { names, values };
  }

  /** Parameters and body of a twin. */
  #twinRest(node: FunctionNode): void {
    this.#twins++;
    const outer = {
      frame: this.#frame,
      plainFrame: this.#plainFrame,
      arrow: this.#inArrowTwin,
      derived: this.#inDerivedConstructor,
      scope: this.#scope,
    };
    const frame: Frame = { used: 0, most: 0 };
    this.#scope = this.#scopes.get(node)!;
    this.#inArrowTwin = node.type === 'ArrowFunctionExpression';
    this.#inDerivedConstructor = false;
    this.#depth++;
    const moved = node.params.some((param) => this.#suspends(param) || this.#touches(param));
    const apart = moved ? this.#varsInParams(node) : undefined;
    this.#frame = undefined;
    this.#plainFrame = undefined;
    this.#rope.add('(', node.start);
    if (moved) this.#rope.add(`...${this.#p}ps`);
    else this.#list(node.params);
    this.#rope.add(')');
    this.#frame = frame;
    let temporaries: Slot | undefined;
    const opening = (): void => {
      temporaries = this.#rope.slot();
      if (!moved) return;
      // A generator's parameters may not yield: defaults that call are evaluated as its first statement.
      this.#rope.add(`${unseen}let [`);
      this.#list(node.params);
      this.#rope.add(`]=${this.#p}ps;`);
    };
    if (node.body.type === 'BlockStatement') {
      const body = node.body;
      if (apart !== undefined) {
        this.#rope.add('{');
        opening();
        this.#bodyApart(body, apart);
        this.#rope.add('}');
      } else if (moved) {
        this.#rope.add('{');
        opening();
        this.#block(body);
        this.#rope.add('}');
      } else this.#block(body, opening);
    } else {
      this.#rope.add('{', node.body.start);
      opening();
      this.#rope.add('return (', node.body.start);
      this.#emit(node.body);
      this.#rope.add(');}', this.#last(node.body));
    }
    if (temporaries !== undefined) this.#declareTemporaries(frame, temporaries);
    this.#depth--;
    this.#frame = outer.frame;
    this.#plainFrame = outer.plainFrame;
    this.#inArrowTwin = outer.arrow;
    this.#inDerivedConstructor = outer.derived;
    this.#scope = outer.scope;
  }

  #declareTemporaries(frame: Frame, slot: Slot): void {
    if (frame.most === 0) return;
    slot.text = `let ${this.#temporaries(frame)};`;
  }

  /**
   * Parameters with defaults have a scope of their own, which sees no variable of the body (ECMA-262 10.2.11): where one of those has
   * a name that is used in the parameters, they cannot be variables of one function. Returns the parameters that are redeclared.
   */
  #varsInParams(node: FunctionNode): readonly string[] | undefined {
    const used = new Set(node.params.flatMap((param) => [...identifiersIn(param)]));
    const names = [...varNames(node.body)];
    if (!names.some((name) => used.has(name) || used.has('eval'))) return undefined;
    const params = new Set(node.params.flatMap((param) => [...namesOf(param)]));
    return names.filter((name) => params.has(name));
  }

  /** The body as a generator of its own inside that of the parameters: a redeclared one starts as the parameter's value. */
  #bodyApart(body: acorn.BlockStatement, redeclared: readonly string[]): void {
    const p = this.#p;
    const { names, values } = this.#standIns(body);
    const frame = this.#frame;
    const arrow = this.#inArrowTwin;
    this.#rope.add(`return yield* ${p}C(((${names.join(',')})=>function*(${redeclared.join(',')})`);
    this.#frame = { used: 0, most: 0 };
    this.#inArrowTwin = true;
    let temporaries: Slot | undefined;
    this.#block(body, () => {
      temporaries = this.#rope.slot();
    });
    if (temporaries !== undefined) this.#declareTemporaries(this.#frame, temporaries);
    this.#frame = frame;
    this.#inArrowTwin = arrow;
    this.#rope.add(`)(${values.join(',')}),${['this', ...redeclared].join(',')});`);
  }

  #list(nodes: readonly AnyNode[]): void {
    for (const [i, node] of nodes.entries()) {
      if (i > 0) this.#rope.add(',');
      // V8 refuses f(...a, [b.c] = d), which the author must have written with parentheses.
      const wrapped =
        node.type === 'AssignmentExpression' &&
        (node.left.type === 'ArrayPattern' || node.left.type === 'ObjectPattern');
      if (wrapped) this.#rope.add('(', node.start);
      this.#emit(node);
      if (wrapped) this.#rope.add(')');
    }
  }

  // --- classes and literals -----------------------------------------------------------------------------------

  #class(node: ClassNode): void {
    const members = node.body.body;
    const privates = new Map<string, boolean>();
    for (const m of members)
      if (m.type === 'MethodDefinition' && m.kind === 'method' && m.key.type === 'PrivateIdentifier')
        privates.set(m.key.name, this.#twinKind(m.value) !== 'none');
      else if (m.type !== 'StaticBlock' && m.key.type === 'PrivateIdentifier')
        privates.set(m.key.name, false);
    this.#privates.push(privates);
    let at = node.start;
    for (const child of [node.id, node.superClass]) {
      if (!child) continue;
      this.#rope.copy(at, child.start);
      this.#emit(child);
      at = child.end;
    }
    const open = node.body.start + 1;
    this.#rope.copy(at, open);
    // A twin may be suspended between two keys, so there the keys are its own. A field is named long after.
    const keys = new Map<AnyNode, string>();
    let taken = 0;
    for (const m of members) {
      if (m.type === 'StaticBlock' || !m.computed) continue;
      if (m.type === 'PropertyDefinition') {
        if (m.value && isAnonymousFunction(m.value)) keys.set(m, this.#newKey());
      } else if (m.kind === 'method') {
        if (this.#frame !== undefined) taken++;
        keys.set(m, this.#frame === undefined ? this.#newKey() : this.#take(1)[0]!);
      }
    }
    const withSuper = new Map(
      members
        .filter(isPublicMethod)
        .filter((m) => this.#twinKind(m.value) === 'twin' && capturesOf(m.value).super)
        .map((m, i) => [m as AnyNode, JSON.stringify(`${this.#p}m${i}`)]),
    );
    this.#memberTwins(members, keys, withSuper, node.body.start);
    at = open;
    for (const member of members) {
      this.#rope.copy(at, member.start);
      this.#classMember(member, node, keys, withSuper.get(member));
      at = member.end;
    }
    this.#rope.copy(at, node.end);
    this.#privates.pop();
    if (taken > 0) this.#give(taken);
  }

  /** A static block that pairs the public methods: inside the class body, so that private names and `super` reach. */
  #memberTwins(
    members: ClassNode['body']['body'],
    keys: ReadonlyMap<AnyNode, string>,
    withSuper: ReadonlyMap<AnyNode, string>,
    open: number,
  ): void {
    for (const isStatic of [false, true]) {
      const methods = members.filter(isPublicMethod).filter((m) => m.static === isStatic);
      if (methods.every((m) => this.#twinKind(m.value) === 'none')) continue;
      const target = isStatic ? 'this' : 'this.prototype';
      this.#rope.add(`static{${this.#p}M(${target},{`);
      const outer = this.#leaveFunction();
      for (const method of methods) {
        const kind = this.#twinKind(method.value);
        const key = this.#keyText(method, keys.get(method));
        const beside = withSuper.get(method);
        if (beside !== undefined) this.#rope.add(`${key}:${this.#p}Y(${target},${beside}),`);
        else if (kind === 'twin') {
          this.#rope.add(`*${key}`, method.start);
          this.#twinRest(method.value);
          this.#rope.add(',');
        } else if (kind === 'none') {
          // It may replace one of the same name that has a twin.
          this.#rope.add(`${key}:0,`);
        } else this.#rope.add(`${key}:${this.#refusal(kind.refuse, method.start)},`);
      }
      outer();
      // To a tool that counts statements this one is the brace that opens the body.
      this.#rope.add('});}', open);
    }
  }

  #classMember(
    member: ClassNode['body']['body'][number],
    owner: ClassNode,
    keys: ReadonlyMap<AnyNode, string>,
    besideKey: string | undefined,
  ): void {
    if (member.type === 'StaticBlock') {
      const outer = this.#leaveFunction();
      const scope = this.#scope;
      this.#scope = this.#scopes.get(member)!;
      this.#watchedBlock(member);
      this.#scope = scope;
      outer();
      return;
    }
    const temporary = keys.get(member);
    if (member.computed) {
      this.#rope.copy(member.start, member.key.start);
      this.#computedKey(member.key, temporary);
    } else this.#rope.copy(member.start, member.key.end);
    if (member.type === 'PropertyDefinition') {
      const outer = this.#leaveFunction();
      const value = member.value;
      if (value) {
        this.#rope.copy(member.key.end, value.start);
        if (isAnonymousFunction(value)) this.#functionValue(value, temporary ?? fieldName(member.key));
        else this.#watchedValue(value);
        this.#rope.copy(value.end, member.end);
      } else this.#rope.copy(member.key.end, member.end);
      this.#terminate(member);
      outer();
      return;
    }
    this.#rope.copy(member.key.end, member.value.start);
    const outer = this.#leaveFunction();
    this.#inDerivedConstructor = member.kind === 'constructor' && owner.superClass !== null;
    this.#method(member.value, member.kind !== 'method');
    const kind = this.#twinKind(member.value);
    if (member.key.type === 'PrivateIdentifier' && member.kind === 'method' && kind !== 'none') {
      this.#rope.add(`${member.static ? ' static ' : ' '}*#${this.#p}${member.key.name}`, member.start);
      if (kind === 'twin') this.#twinRest(member.value);
      else {
        this.#rope.add('(){');
        this.#refuseHere(kind.refuse, member);
        this.#rope.add('}');
      }
    }
    if (besideKey !== undefined) {
      // `super` is that of the object that a method was made in, whatever becomes of its prototype: the twin is made there, and taken out.
      this.#rope.add(`${member.static ? ' static ' : ' '}*${besideKey}`, member.start);
      this.#twinRest(member.value);
    }
    outer();
  }

  /** A method's function: like a plain function, but a constructor keeps its mark. */
  #method(node: FunctionNode, isWatched: boolean): void {
    const derived = this.#inDerivedConstructor;
    if (!derived) {
      this.#plainFunction(node, undefined, isWatched || undefined);
      return;
    }
    const scope = this.#scope;
    this.#scope = this.#scopes.get(node)!;
    this.#depth++;
    this.#children(node, (child) => {
      if (child.type === 'BlockStatement') this.#watchedBlock(child);
      else this.#emit(child);
    });
    this.#depth--;
    this.#scope = scope;
  }

  /** Class bodies have their own `this`, and nothing in them runs in the twin around them. Returns the way back. */
  #leaveFunction(): () => void {
    const frame = this.#frame;
    const plainFrame = this.#plainFrame;
    const arrow = this.#inArrowTwin;
    const derived = this.#inDerivedConstructor;
    this.#frame = undefined;
    this.#plainFrame = undefined;
    this.#inArrowTwin = false;
    this.#inDerivedConstructor = false;
    return () => {
      this.#frame = frame;
      this.#plainFrame = plainFrame;
      this.#inArrowTwin = arrow;
      this.#inDerivedConstructor = derived;
    };
  }

  /** Writes a key of our own so that the map knows it as the author's. */
  #addKey(text: string, key: AnyNode): void {
    this.#rope.add(text, key.start);
    if (!text.startsWith('[')) return;
    this.#rope.close(this.#last(key));
  }

  #keyText(node: { key: AnyNode; computed: boolean }, temporary: string | undefined): string {
    if (node.computed) return `[${temporary}]`;
    const text = this.#code.slice(node.key.start, node.key.end);
    return node.key.type === 'Identifier' && node.key.name === '__proto__' ? '["__proto__"]' : text;
  }

  #newKey(): string {
    return `${this.#p}k${this.#keys++}`;
  }

  /** A computed key, evaluated once and kept where `temporary` says. */
  #computedKey(key: AnyNode, temporary: string | undefined): void {
    if (temporary !== undefined) this.#rope.add(`${temporary}=${this.#p}K(`);
    this.#emit(key);
    if (temporary !== undefined) this.#rope.add(')');
  }

  #object(node: acorn.ObjectExpression): void {
    const withSuper = node.properties.filter(
      (q): q is acorn.Property =>
        q.type === 'Property' &&
        q.method &&
        this.#twinKind(q.value as FunctionNode) !== 'none' &&
        capturesOf(q.value).super,
    );
    if (withSuper.length > 0) this.#rope.add(`${this.#p}O(`);
    const keys = new Map(withSuper.filter((q) => q.computed).map((q) => [q, this.#newKey()]));
    this.#children(node, (child) => {
      if (child.type === 'Property')
        this.#property(
          child as acorn.Property,
          withSuper.includes(child as acorn.Property),
          keys.get(child as acorn.Property),
        );
      else this.#emit(child);
    });
    if (withSuper.length === 0) return;
    const refused = withSuper.map(
      (q) =>
        `${this.#keyText(q, keys.get(q))}:${this.#refusal('method of an object literal that uses super', q.start)}`,
    );
    this.#rope.add(`,{${refused.join(',')}})`);
  }

  #property(node: acorn.Property, plainOnly: boolean, superKey: string | undefined): void {
    const value = node.value as AnyNode;
    if (node.shorthand) {
      if (this.#inArrowTwin && value.type === 'Identifier' && value.name === 'arguments')
        this.#rope.add('arguments:');
      this.#emit(value);
      return;
    }
    const accessor = node.kind !== 'init';
    const kind = isFunction(value) ? this.#twinKind(value) : 'none';
    if (!node.method || plainOnly || kind === 'none' || accessor) {
      const named = isAnonymousFunction(value) && !node.method && !accessor && kind !== 'none';
      const temporary = superKey ?? (named && node.computed ? this.#newKey() : undefined);
      if (node.computed) {
        this.#rope.copy(node.start, node.key.start);
        this.#computedKey(node.key, temporary);
        this.#rope.copy(node.key.end, value.start);
      } else this.#rope.copy(node.start, value.start);
      if ((node.method || accessor) && isFunction(value))
        this.#plainFunction(value, undefined, accessor || undefined);
      else if (named) this.#functionValue(value, temporary ?? literalName(node.key));
      else this.#emit(value);
      this.#rope.copy(value.end, node.end);
      return;
    }
    // m() {...}  becomes  m: $P({ m() {...} }.m, { *m() {...} }.m)
    const temporary = node.computed ? this.#newKey() : undefined;
    if (temporary !== undefined) {
      this.#rope.add('[', node.start);
      this.#computedKey(node.key, temporary);
      this.#rope.add(']');
    } else this.#rope.add(this.#keyText(node, undefined));
    const key = this.#keyText(node, temporary);
    const read = temporary !== undefined ? `[${temporary}]` : `[${fieldName(node.key)}]`;
    const marks = `${(value as FunctionNode).async ? 'async ' : ''}${(value as FunctionNode).generator ? '*' : ''}`;
    this.#rope.add(`:${this.#p}P({${marks}`);
    this.#addKey(key, node.key);
    this.#plainFunction(value as FunctionNode);
    this.#rope.add(`}${read},`);
    if (kind === 'twin') {
      this.#rope.add('{*', node.start);
      this.#addKey(key, node.key);
      const outer = this.#leaveFunction();
      this.#twinRest(value as FunctionNode);
      outer();
      this.#rope.add(`}${read})`);
    } else this.#rope.add(`${this.#refusal(kind.refuse, node.start)})`);
  }

  // --- calls --------------------------------------------------------------------------------------------------

  #call(node: acorn.CallExpression): void {
    const { callee } = node;
    if (callee.type === 'Identifier' && callee.name === 'eval') {
      this.#eval(node);
      return;
    }
    if (this.#frame === undefined) {
      this.#unread.add(callee);
      // A function that is called where it stands, in plain code, runs plainly and nobody else holds it.
      if (isAnonymousFunction(callee) && !callee.async) {
        this.#children(node, (child) => (child === callee ? this.#plainFunction(callee) : this.#emit(child)));
        return;
      }
      if (this.#inArrowTwin && isSuperMember(callee)) {
        this.#superCall(node, callee);
        return;
      }
      this.#children(node, (child) => {
        // A private method that is called, not taken as a value, must keep its receiver.
        if (
          child === callee &&
          callee.type === 'MemberExpression' &&
          !callee.computed &&
          callee.object.type !== 'Super'
        ) {
          this.#rope.copy(callee.start, callee.object.start);
          this.#emit(callee.object);
          this.#rope.copy(callee.object.end, callee.end);
        } else this.#emit(child);
      });
      return;
    }
    if (this.#isStepless(node)) {
      this.#children(node);
      return;
    }
    if (callee.type === 'ChainExpression') {
      this.#refuseHere('call of an optional chain in parentheses', node);
      return;
    }
    if (this.#atomic(node)) return;
    if (
      callee.type === 'MemberExpression' &&
      callee.property.type === 'PrivateIdentifier' &&
      this.#privateTwin(callee.property.name)
    ) {
      this.#rope.add('(yield* (');
      this.#emit(callee.object);
      this.#rope.add(`).#${this.#p}${callee.property.name}(`);
      this.#list(node.arguments);
      this.#rope.add('))', this.#last(node));
      return;
    }
    this.#dynamicCall(node, callee, () => this.#list(node.arguments), node.arguments.length > 0);
  }

  /** A direct eval sees what is around it. In an arrow's twin it must not ask for what has a stand-in there. */
  #eval(node: acorn.CallExpression): void {
    const code = node.arguments[0];
    const isChecked = this.#inArrowTwin && code !== undefined && code.type !== 'SpreadElement';
    this.#children(node, (child) => {
      if (child !== code || !isChecked) return this.#emit(child);
      this.#rope.add(`${this.#p}H().E(`);
      this.#emit(child);
      this.#rope.add(`,${this.#site(node.start)})`);
    });
  }

  /** In plain code inside an arrow's twin, `super.m()` has a stand-in for `super.m` and must pass `this` itself. */
  #superCall(node: acorn.CallExpression, callee: acorn.MemberExpression): void {
    const p = this.#p;
    if (!node.optional) this.#rope.add(`${p}C(`, node.start);
    this.#emit(callee);
    this.#rope.add(node.optional ? '?.call(this' : `??${p}N,this`);
    if (node.arguments.length > 0) this.#rope.add(',');
    this.#list(node.arguments);
    this.#rope.add(')');
  }

  /** `($o = object, $a = $o.name, $a ??= $N, $o = $C($a === ($c = $a[T])?.[Q] ? $c : $c = $a, $o, ...), $c === $a ? $o : yield* $o)` */
  #dynamicCall(node: AnyNode, callee: AnyNode, args: () => void, hasArguments: boolean): void {
    const [o, a, c] = this.#take(3) as [string, string, string];
    const receiver = this.#callee(callee, o, a);
    this.#rope.add(`,${a}??=${this.#p}N,${o}=`);
    this.#invoked(a, c, receiver, hasArguments);
    args();
    this.#rope.add('),');
    // In parentheses: V8 counts what stands behind a yield with the yield, up to the end of the branch it is in.
    const { property } = callee as Partial<acorn.MemberExpression>;
    const at = property?.type === 'Identifier' && isViewMethod(property.name) ? this.#site(node.start) : '';
    const begun = at === '' ? o : `(${this.#p}h.at=${at},${o})`;
    this.#rope.add(`${unseen}${c}===${a}?${o}:(yield* ${begun}))`, this.#last(node));
    this.#give(3);
  }

  /** Writes the call of `a`, or of its twin, up to the arguments; which of the two was called stays in `c`. */
  #invoked(a: string, c: string, receiver: string | undefined, hasArguments: boolean): void {
    const p = this.#p;
    const chosen = `${unseen}${a}===(${c}=${a}[${p}T])?.[${p}Q]?${c}:${c}=${a}`;
    if (receiver === undefined) this.#rope.add(`(${chosen})(`);
    else this.#rope.add(`${p}C(${chosen},${receiver}${hasArguments ? ',' : ''}`);
  }

  /** Writes `(` and the evaluation of a callee into `a`; returns the receiver, if there is one. */
  #callee(callee: AnyNode, o: string, a: string): string | undefined {
    if (callee.type !== 'MemberExpression') {
      this.#rope.add(`(${a}=(`);
      this.#emit(callee);
      this.#rope.add(')');
      return undefined;
    }
    const { object } = callee;
    if (object.type === 'Super') {
      this.#rope.add(`(${a}=`);
      this.#emit(callee);
      return 'this';
    }
    const isThis = object.type === 'ThisExpression';
    if (isThis) this.#rope.add(`(${a}=this`);
    else {
      this.#rope.add(`(${o}=(`);
      this.#emit(object);
      this.#rope.add(`),${a}=${o}`);
    }
    this.#memberName(callee);
    return isThis ? 'this' : o;
  }

  #memberName(node: acorn.MemberExpression): void {
    if (node.computed) {
      this.#rope.add('[');
      this.#emit(node.property);
      this.#rope.add(']', node.end - 1);
    } else {
      this.#rope.add('.');
      this.#rope.copy(node.property.start, node.property.end);
    }
  }

  /** `Atomics.add(view, 0, 1)` becomes `(yield $s(ADD, site, view, 0, 1))`. */
  #atomic(node: acorn.CallExpression): boolean {
    const path = pathOf(node.callee, this.#scope);
    if (path?.length !== 2 || path[0] !== 'Atomics') return false;
    const step = atomicSteps[path[1]!];
    const count = node.arguments.length;
    if (step === undefined || count < step.least || count > step.most) return false;
    if (node.arguments.some((argument) => argument.type === 'SpreadElement')) return false;
    this.#rope.add(`(yield ${this.#p}s(${step.kind},${this.#site(node.start)}`, node.start);
    for (const argument of node.arguments) {
      this.#rope.add(',');
      this.#emit(argument);
    }
    this.#rope.add('))', this.#last(node));
    return true;
  }

  #taggedTemplate(node: acorn.TaggedTemplateExpression): void {
    if (this.#frame === undefined) {
      this.#unread.add(node.tag);
      if (!this.#inArrowTwin || !isSuperMember(node.tag)) {
        this.#children(node);
        return;
      }
      this.#rope.add(`${this.#p}C(`, node.start);
      this.#emit(node.tag);
      this.#rope.add(`??${this.#p}N,this,...${this.#p}G`);
      this.#emit(node.quasi);
      this.#rope.add(')');
      return;
    }
    if (node.tag.type === 'ChainExpression') {
      this.#refuseHere('template with an optional chain in parentheses as its tag', node);
      return;
    }
    this.#dynamicCall(
      node,
      node.tag,
      () => {
        this.#rope.add(`...${this.#p}G`);
        this.#emit(node.quasi);
      },
      true,
    );
  }

  /** An optional chain with calls, link by link: each `?.` opens a conditional that the end of the chain closes. */
  #chain(node: acorn.ChainExpression): void {
    const links: (acorn.MemberExpression | acorn.CallExpression)[] = [];
    let base: AnyNode = node.expression;
    while (base.type === 'MemberExpression' || base.type === 'CallExpression') {
      if (base.type === 'MemberExpression' && base.object.type === 'Super') break;
      links.unshift(base);
      base = base.type === 'MemberExpression' ? base.object : base.callee;
    }
    const [o, v, c, r, k] = this.#take(5) as [string, string, string, string, string];
    let closers = 0;
    let receiver = base.type === 'MemberExpression' ? 'this' : undefined;
    this.#rope.add(`(${v}=(`);
    this.#emit(base);
    this.#rope.add(')');
    for (const [i, link] of links.entries()) {
      if (link.optional) {
        this.#rope.add(`,${unseen}${v}===null||${v}===undefined?undefined:(`);
        closers++;
      } else this.#rope.add(',');
      if (link.type === 'MemberExpression') {
        const called = links[i + 1]?.type === 'CallExpression';
        if (called) this.#rope.add(`${o}=${v},`);
        receiver = called ? o : undefined;
        const name = link.property.type === 'PrivateIdentifier' ? link.property.name : undefined;
        if (name !== undefined && this.#privateTwin(name))
          this.#rope.add(`${v}=(${this.#privateValue(name)})(${v})`);
        else if (!called && link.computed && this.#isWatched(link)) {
          this.#rope.add(`${k}=(`);
          this.#emit(link.property);
          this.#rope.add(`),${this.#watch(v, k, link, false)},${v}=${v}[${k}]`, this.#last(link));
        } else {
          this.#rope.add(`${v}=${v}`);
          this.#memberName(link);
        }
      } else {
        this.#rope.add(link.optional ? `${r}=` : `${v}??=${this.#p}N,${r}=`);
        this.#invoked(v, c, receiver, link.arguments.length > 0);
        this.#list(link.arguments);
        this.#rope.add('),');
        this.#rope.add(`${v}=${unseen}${c}===${v}?${r}:(yield* ${r})`, this.#last(link));
        receiver = undefined;
      }
    }
    this.#rope.add(')'.repeat(closers + 1), this.#last(node));
    this.#give(5);
  }

  // --- small things -------------------------------------------------------------------------------------------

  /** Where a punctuator stands, comments aside. */
  #find(punctuator: string, from: number): number {
    const code = this.#code;
    for (let i = from; i < code.length; i++) {
      if (code[i] === punctuator) return i;
      if (code.startsWith('//', i)) i = lineEnd(code, i);
      else if (code.startsWith('/*', i)) i = code.indexOf('*/', i) + 1;
    }
    throw new Error(`no ${punctuator} after offset ${from} of ${this.#file}`);
  }

  #privateTwin(name: string): boolean {
    for (let i = this.#privates.length - 1; i >= 0; i--) {
      const found = this.#privates[i]!.get(name);
      if (found !== undefined) return found;
    }
    return false;
  }

  #take(count: number): string[] {
    const frame = (this.#frame ?? this.#plainFrame)!;
    const names = Array.from({ length: count }, (_, i) => `${this.#p}${frame.used + i}`);
    frame.used += count;
    frame.most = Math.max(frame.most, frame.used);
    return names;
  }

  #give(count: number): void {
    (this.#frame ?? this.#plainFrame)!.used -= count;
  }

  /** The text of a site's number: where in the author's file a step stands. */
  #site(offset: number): string {
    const original = this.#toOriginal(offset);
    this.#sites.push(original?.line ?? 0, (original?.column ?? 0) + 1);
    return `${this.#p}S+${this.#sites.length / 2 - 1}`;
  }

  #refusal(what: string, offset: number): string {
    this.#twins++;
    return `${this.#p}R(${JSON.stringify(what)},${unseen}()=>${this.#site(offset)})`;
  }

  #refuseHere(what: string, node: AnyNode): void {
    this.#rope.add(`${this.#p}X(${JSON.stringify(what)},${this.#site(node.start)})`);
  }
}
