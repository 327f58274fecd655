/**
 * Which binding does a name have here? Enough of ECMAScript's scoping to know whether `Atomics` is the global one,
 * and whether a name is a constant alias of it or of one of its functions (`const { load } = Atomics`).
 */
import type { AnyNode, Pattern } from './ast.ts';
import { childrenOf, isFunction, namesOf } from './ast.ts';

export interface Binding {
  /** What the name was made from, when that is a constant. Followed only when everything is declared: names are hoisted. */
  readonly alias: Alias | undefined;
  /** Whether it is the name of a function expression, inside of it. */
  readonly isOwnName: boolean;
}

/** `const { load } = Atomics` makes `load` the property `load` of what `Atomics` is in `scope`. */
interface Alias {
  readonly init: AnyNode;
  readonly scope: Scope;
  readonly property: string | undefined;
}

export class Scope {
  readonly parent: Scope | undefined;
  /** True for a function body, a module and a static block: where `var` ends up. */
  readonly isFunction: boolean;
  readonly names: Map<string, Binding> = new Map();

  constructor(parent: Scope | undefined, isFunction: boolean) {
    this.parent = parent;
    this.isFunction = isFunction;
  }

  declare(name: string, alias?: Alias, isOwnName = false): void {
    // A second declaration (var, function) makes the first one's alias uncertain.
    this.names.set(name, { alias: this.names.has(name) ? undefined : alias, isOwnName });
  }

  resolve(name: string): Binding | undefined {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      const binding = scope.names.get(name);
      if (binding !== undefined) return binding;
    }
    return undefined;
  }

  /** The path from the global object that `name` stands for, or undefined where it is somebody's own binding. */
  globalPath(name: string): readonly string[] | undefined {
    const binding = this.resolve(name);
    if (binding === undefined) return [name];
    const { alias } = binding;
    // `const a = b, b = a` goes round for ever.
    if (alias === undefined || following.has(binding)) return undefined;
    following.add(binding);
    const path = pathOf(alias.init, alias.scope);
    following.delete(binding);
    return path === undefined || alias.property === undefined ? path : [...path, alias.property];
  }
}

const following = new Set<Binding>();

/** Scopes by the node that opens them. */
export type Scopes = ReadonlyMap<AnyNode, Scope>;

export function analyse(program: AnyNode): Scopes {
  const scopes = new Map<AnyNode, Scope>();
  const root = new Scope(undefined, true);
  scopes.set(program, root);
  for (const child of childrenOf(program)) visit(child, root, scopes);
  return scopes;
}

function visit(node: AnyNode, scope: Scope, scopes: Map<AnyNode, Scope>): void {
  if (isFunction(node)) {
    if (node.type === 'FunctionDeclaration' && node.id) scope.declare(node.id.name);
    const inner = new Scope(scope, true);
    scopes.set(node, inner);
    if (node.type === 'FunctionExpression' && node.id) inner.declare(node.id.name, undefined, true);
    if (node.type !== 'ArrowFunctionExpression') inner.declare('arguments');
    for (const param of node.params) declarePattern(param, inner);
    for (const child of childrenOf(node)) {
      // The body of a function shares its scope: a block of its own would only shadow, which changes no answer here.
      if (child === node.body && child.type === 'BlockStatement')
        for (const s of child.body) visit(s, inner, scopes);
      else if (child !== node.id) visit(child, inner, scopes);
    }
    return;
  }
  switch (node.type) {
    case 'ClassDeclaration':
    case 'ClassExpression': {
      if (node.type === 'ClassDeclaration' && node.id) scope.declare(node.id.name);
      const inner = new Scope(scope, false);
      scopes.set(node, inner);
      if (node.id) inner.declare(node.id.name);
      for (const child of childrenOf(node)) if (child !== node.id) visit(child, inner, scopes);
      return;
    }
    case 'StaticBlock': {
      const inner = new Scope(scope, true);
      scopes.set(node, inner);
      for (const child of childrenOf(node)) visit(child, inner, scopes);
      return;
    }
    case 'BlockStatement':
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement':
    case 'SwitchStatement':
    case 'CatchClause': {
      const inner = new Scope(scope, false);
      scopes.set(node, inner);
      if (node.type === 'CatchClause' && node.param) declarePattern(node.param, inner);
      for (const child of childrenOf(node)) visit(child, inner, scopes);
      return;
    }
    case 'VariableDeclaration': {
      let target = scope;
      if (node.kind === 'var')
        while (!target.isFunction && target.parent !== undefined) target = target.parent;
      for (const declarator of node.declarations) {
        if (node.kind === 'const' && declarator.init) declareAliases(declarator.id, declarator.init, scope);
        else declarePattern(declarator.id, target);
        for (const child of childrenOf(declarator)) visit(child, scope, scopes);
      }
      return;
    }
    case 'ImportDeclaration':
      for (const specifier of node.specifiers) scope.declare(specifier.local.name);
      return;
    default:
      for (const child of childrenOf(node)) visit(child, scope, scopes);
  }
}

function declarePattern(pattern: Pattern, scope: Scope): void {
  for (const name of namesOf(pattern)) scope.declare(name);
}

/** `const A = Atomics`, `const f = Atomics.load`, `const { load, add: plus } = Atomics`. */
function declareAliases(pattern: Pattern, init: AnyNode, scope: Scope): void {
  if (pattern.type === 'Identifier') {
    scope.declare(pattern.name, { init, scope, property: undefined });
  } else if (pattern.type === 'ObjectPattern') {
    for (const p of pattern.properties) {
      if (
        p.type === 'Property' &&
        !p.computed &&
        p.key.type === 'Identifier' &&
        p.value.type === 'Identifier'
      )
        scope.declare(p.value.name, { init, scope, property: p.key.name });
      else declarePattern(p.type === 'RestElement' ? p.argument : p.value, scope);
    }
  } else declarePattern(pattern, scope);
}

/** The path of names from the global object that an expression reads: `Atomics.load` gives `['Atomics', 'load']`. */
export function pathOf(node: AnyNode, scope: Scope): readonly string[] | undefined {
  let path: readonly string[] | undefined;
  if (node.type === 'Identifier') path = scope.globalPath(node.name);
  else if (
    node.type === 'MemberExpression' &&
    !node.computed &&
    !node.optional &&
    node.property.type === 'Identifier'
  ) {
    const object = pathOf(node.object, scope);
    path = object === undefined ? undefined : [...object, node.property.name];
  }
  return path?.[0] === 'globalThis' && path.length > 1 ? path.slice(1) : path;
}
