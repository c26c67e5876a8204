// A TypeScript file as a syntax tree, and what the laws look for in it: imports of every spelling, with their lines.
// Never resolves or runs anything.
import { type Node, parseSync, visitorKeys } from 'oxc-parser';

/** One place where a file names another module. */
export interface Reference {
  /** The module as written, or undefined when it is computed. */
  readonly specifier: string | undefined;
  readonly line: number;
}

/** A parsed file. */
export interface Syntax {
  readonly text: string;
  /** Statements at the top level. */
  readonly statements: readonly Node[];
  /** Every node with the node it stands in, outside first. */
  readonly nodes: readonly { readonly node: Node; readonly parent: Node | undefined }[];
  readonly references: readonly Reference[];
  /** The first syntax error, if the file does not parse. */
  readonly error: string | undefined;
  lineOf(node: Node): number;
}

/** Parses the text of a file; a file that does not parse has its `error` set and may lack nodes. */
export function parseSyntax(path: string, text: string): Syntax {
  const { program, errors } = parseSync(path, text);
  const nodes: { node: Node; parent: Node | undefined }[] = [];
  walk(program, undefined, nodes);
  const lineOf = (node: Node): number => text.slice(0, node.start).split('\n').length;
  const references = nodes.flatMap(({ node }) => {
    const source = sourceOf(node);
    return source === undefined ? [] : [{ specifier: literalOf(source), line: lineOf(node) }];
  });
  return { text, statements: program.body, nodes, references, error: errors[0]?.message, lineOf };
}

/** The text of a string literal or of a template without holes. */
export function literalOf(node: Node): string | undefined {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node.type === 'TemplateLiteral' && node.expressions.length === 0)
    return node.quasis[0]?.value.cooked ?? undefined;
  return undefined;
}

/** The expression that names a module, if this node names one. */
function sourceOf(node: Node): Node | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return node.source;
    case 'ExportNamedDeclaration':
      return node.source ?? undefined;
    case 'TSExternalModuleReference':
      return node.expression;
    case 'CallExpression':
      return isRequire(node.callee) ? node.arguments[0] : undefined;
    case 'NewExpression':
      return isModuleUrl(node) ? node.arguments[0] : undefined;
    default:
      return undefined;
  }
}

/** `require(…)`, `require.resolve(…)` and `import.meta.resolve(…)`. */
function isRequire(callee: Node): boolean {
  if (callee.type === 'Identifier') return callee.name === 'require';
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return false;
  if (callee.property.name !== 'resolve') return false;
  return callee.object.type === 'MetaProperty' || isRequire(callee.object);
}

/** `new URL('./other.ts', import.meta.url)`: how a worker names its file. */
function isModuleUrl(node: Node & { type: 'NewExpression' }): boolean {
  const [file] = node.arguments;
  if (node.callee.type !== 'Identifier' || node.callee.name !== 'URL' || file === undefined) return false;
  return /\.[cm]?[jt]sx?$/.test(literalOf(file) ?? '');
}

function walk(node: Node, parent: Node | undefined, into: { node: Node; parent: Node | undefined }[]): void {
  into.push({ node, parent });
  for (const key of visitorKeys[node.type] ?? []) {
    const child: unknown = Reflect.get(node, key);
    for (const one of Array.isArray(child) ? child : [child]) if (isNode(one)) walk(one, node, into);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
