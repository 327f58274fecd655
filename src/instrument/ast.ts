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
    else if (n.type === 'CallExpression' && n.callee.type === 'Identifier' && n.callee.name === 'eval')
      found.this = true; // the text may ask for it
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

export function isSuperMember(node: AnyNode): node is acorn.MemberExpression {
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

/** Names that `body` declares for all of its function: those of each `var`, and those of functions, which sloppy code may call outside their block. */
export function varNames(body: AnyNode, names: Set<string> = new Set()): Set<string> {
  if (body.type === 'FunctionDeclaration' && body.id) names.add(body.id.name);
  if (isFunction(body) || isClass(body)) return names;
  if (body.type === 'VariableDeclaration' && body.kind === 'var')
    for (const { id } of body.declarations) namesOf(id, names);
  for (const child of childrenOf(body)) varNames(child, names);
  return names;
}

/** Every name in `node`, in the functions inside it as well. */
export function identifiersIn(node: AnyNode, names: Set<string> = new Set()): Set<string> {
  if (node.type === 'Identifier') names.add(node.name);
  for (const child of childrenOf(node)) identifiersIn(child, names);
  return names;
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

export function isAnonymousFunction(node: AnyNode): node is FunctionNode {
  return isFunction(node) && !node.id;
}

/** The name that a property's function gets from its key, as an expression; `__proto__: f` is no property. */
export function literalName(key: AnyNode): string | undefined {
  return key.type === 'Identifier' && key.name === '__proto__' ? undefined : fieldName(key);
}

export function fieldName(key: AnyNode): string | undefined {
  if (key.type === 'Identifier') return JSON.stringify(key.name);
  if (key.type === 'PrivateIdentifier') return JSON.stringify(`#${key.name}`);
  if (key.type === 'Literal') return JSON.stringify(String(key.value));
  return undefined;
}

export function declaredFunction(
  statement: AnyNode,
): acorn.FunctionDeclaration | acorn.AnonymousFunctionDeclaration | undefined {
  let node: AnyNode | null | undefined = statement;
  if (node.type === 'ExportNamedDeclaration' || node.type === 'ExportDefaultDeclaration')
    node = node.declaration;
  while (node?.type === 'LabeledStatement') node = node.body;
  return node?.type === 'FunctionDeclaration' ? node : undefined;
}

export function isPublicMethod(member: AnyNode): member is acorn.MethodDefinition {
  return (
    member.type === 'MethodDefinition' && member.kind === 'method' && member.key.type !== 'PrivateIdentifier'
  );
}

/** Whether a `?.` before it may leave out the evaluation of this member. */
export function isInChain(node: acorn.MemberExpression): boolean {
  let link: AnyNode = node;
  while (link.type === 'MemberExpression' || link.type === 'CallExpression') {
    if (link.optional) return true;
    link = link.type === 'MemberExpression' ? link.object : link.callee;
  }
  return false;
}

export function lineEnd(code: string, from: number): number {
  let i = from;
  while (i < code.length && !/[\n\r\u2028\u2029]/.test(code[i]!)) i++;
  return i;
}

/** Whether an optional chain calls anything on its way. */
export function callsInChain(node: acorn.ChainExpression): boolean {
  let link: AnyNode = node.expression;
  while (link.type === 'MemberExpression') link = link.object;
  return link.type === 'CallExpression';
}
