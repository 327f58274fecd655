/** The parser and a few questions about its trees. Parser: acorn; trees: ESTree. */
import * as acorn from 'acorn';

export type AnyNode = acorn.AnyNode;
export type Pattern = acorn.Pattern;
export type FunctionNode =
  | acorn.FunctionDeclaration
  | acorn.FunctionExpression
  | acorn.ArrowFunctionExpression
  | acorn.AnonymousFunctionDeclaration;
export type ClassNode = acorn.ClassDeclaration | acorn.ClassExpression | acorn.AnonymousClassDeclaration;

export function parse(code: string, sourceType: 'module' | 'script'): acorn.Program {
  return acorn.parse(code, {
    ecmaVersion: 'latest',
    sourceType,
    allowReturnOutsideFunction: sourceType === 'script',
    allowHashBang: true,
  });
}

export function isFunction(node: AnyNode): node is FunctionNode {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression'
  );
}

export function isClass(node: AnyNode): node is ClassNode {
  return node.type === 'ClassDeclaration' || node.type === 'ClassExpression';
}

function isNode(value: unknown): value is AnyNode {
  return (
    typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
  );
}

const cache = new WeakMap<object, readonly AnyNode[]>();

/** Names that are not evaluated: property names, labels. A shorthand property has its value only. */
function isMereName(node: AnyNode, field: string): boolean {
  switch (node.type) {
    case 'Property':
      return field === 'key' && (!node.computed || node.shorthand);
    case 'MethodDefinition':
    case 'PropertyDefinition':
      return field === 'key' && !node.computed;
    case 'MemberExpression':
      return field === 'property' && !node.computed;
    case 'LabeledStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
      return field === 'label';
    default:
      return false;
  }
}

/** Child nodes that are evaluated, in the order of the source. */
export function childrenOf(node: AnyNode): readonly AnyNode[] {
  const known = cache.get(node);
  if (known !== undefined) return known;
  const found: AnyNode[] = [];
  for (const [key, value] of Object.entries(node)) {
    if (isMereName(node, key)) continue;
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) found.push(item);
    } else if (isNode(value)) found.push(value);
  }
  found.sort((a, b) => a.start - b.start);
  cache.set(node, found);
  return found;
}

/** What an arrow function takes from the function around it. */
export interface Captures {
  readonly this: boolean;
  readonly arguments: boolean;
  readonly super: boolean;
  readonly newTarget: boolean;
  readonly superCall: boolean;
  readonly superWrite: boolean;
}

/** The captures of everything inside `node`, through arrow functions but not through other functions. */
export function capturesOf(node: AnyNode): Captures {
  const found = {
    this: false,
    arguments: false,
    super: false,
    newTarget: false,
    superCall: false,
    superWrite: false,
  };
  const visit = (n: AnyNode): void => {
    if (n.type === 'ThisExpression') found.this = true;
    else if (n.type === 'Super') {
      found.super = true;
      found.this = true;
    } else if (n.type === 'MetaProperty' && n.meta.name === 'new') found.newTarget = true;
    else if (n.type === 'CallExpression' && n.callee.type === 'Super') found.superCall = true;
    else if (
      (n.type === 'AssignmentExpression' && isSuperMember(n.left)) ||
      (n.type === 'UpdateExpression' && isSuperMember(n.argument)) ||
      (n.type === 'UnaryExpression' && n.operator === 'delete' && isSuperMember(n.argument)) ||
      ((n.type === 'ForOfStatement' || n.type === 'ForInStatement') && isSuperMember(n.left)) ||
      (n.type === 'RestElement' && isSuperMember(n.argument)) ||
      (n.type === 'AssignmentPattern' && isSuperMember(n.left)) ||
      (n.type === 'ArrayPattern' && n.elements.some((e) => e !== null && isSuperMember(e))) ||
      (n.type === 'ObjectPattern' &&
        n.properties.some((q) => q.type === 'Property' && isSuperMember(q.value)))
    )
      found.superWrite = true;
    else if (n.type === 'Identifier' && n.name === 'arguments') found.arguments = true;
    else if (n.type === 'FunctionDeclaration' || n.type === 'FunctionExpression') return;
    else if (isClass(n)) {
      // A class has its own `this` but for its heritage and its computed keys.
      if (n.superClass) visit(n.superClass);
      for (const member of n.body.body)
        if (member.type !== 'StaticBlock' && member.computed) visit(member.key);
      return;
    }
    for (const child of childrenOf(n)) visit(child);
  };
  for (const child of childrenOf(node)) visit(child);
  return found;
}

function isSuperMember(node: AnyNode): boolean {
  return node.type === 'MemberExpression' && node.object.type === 'Super';
}

/** Names that a pattern binds. */
export function namesOf(pattern: Pattern, names: Set<string> = new Set()): Set<string> {
  switch (pattern.type) {
    case 'Identifier':
      names.add(pattern.name);
      break;
    case 'ObjectPattern':
      for (const p of pattern.properties) namesOf(p.type === 'RestElement' ? p.argument : p.value, names);
      break;
    case 'ArrayPattern':
      for (const p of pattern.elements) if (p !== null) namesOf(p, names);
      break;
    case 'RestElement':
      namesOf(pattern.argument, names);
      break;
    case 'AssignmentPattern':
      namesOf(pattern.left, names);
      break;
    case 'MemberExpression':
      break;
  }
  return names;
}

/** Whether a `var` in `body` (not in the functions inside it) declares one of `names`. */
export function redeclares(body: AnyNode, names: ReadonlySet<string>): boolean {
  if (isFunction(body) || isClass(body)) return false;
  if (body.type === 'VariableDeclaration' && body.kind === 'var')
    for (const { id } of body.declarations) for (const name of namesOf(id)) if (names.has(name)) return true;
  return childrenOf(body).some((child) => redeclares(child, names));
}

/** What sloppy code may hold and a generator may not: `with`, and `yield` as a name. */
export function sloppyFault(node: AnyNode): string | undefined {
  if (node.type === 'WithStatement') return 'with statement';
  if (node.type === 'Identifier' && node.name === 'yield') return 'variable called yield';
  for (const child of childrenOf(node)) {
    const fault = sloppyFault(child);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
