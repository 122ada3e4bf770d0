import { Parser, type Node, type Options } from 'acorn';

/**
 * A function in the text that ran, as V8 sees it. Lines count from 1, columns from 0, offsets from 0;
 * all of them in UTF-16 units.
 */
export interface FunctionRange {
  /** As V8 infers it: `parse`, `Reader.next`, `exports.read`; empty where nothing names it. */
  name: string;
  /** Where coverage says that it begins. */
  readonly start: number;
  readonly end: number;
  /** Where profiles and stacks say that it is: the parenthesis of its parameters, or an arrow function's start. */
  readonly position: number;
  readonly line: number;
  readonly column: number;
  readonly firstLine: number;
  readonly lastLine: number;
  /** Row of the function around it, -1 for the text as a whole. */
  parent: number;
  /** Where V8 of another version puts it: initialisers of classes only. */
  readonly otherPosition: number | null;
}

/** A place in which control arrives as a whole: a statement, or the body of an arrow function. */
export interface StatementStart {
  readonly offset: number;
  /** Row of the innermost function around it. */
  readonly function: number;
}

/** The functions and statements of a text. */
export interface FunctionRanges {
  /** By start, those around before those within; row 0 is the text itself. */
  readonly functions: readonly FunctionRange[];
  /** By offset. */
  readonly statements: readonly StatementStart[];
  readonly lines: LineStarts;
}

/**
 * Finds the functions of JavaScript, with V8's names and positions for them.
 *
 * @returns `null` where the text cannot be parsed.
 */
export function functionRanges(text: string): FunctionRanges | null {
  const found = parsed(text);
  if (found === null) return null;
  const lines = new LineStarts(text);
  const functions = found.functions.map((candidate) => rangeOf(candidate, lines));
  functions.push({
    name: '',
    start: 0,
    end: text.length,
    position: 0,
    line: 1,
    column: 0,
    firstLine: 1,
    lastLine: lines.lineOf(text.length),
    parent: -1,
    otherPosition: null,
  });
  // The text itself comes first even where a function fills it.
  const root = functions[functions.length - 1] as FunctionRange;
  functions.sort((a, b) => (a === root ? -1 : b === root ? 1 : a.start - b.start || b.end - a.end));
  const open: number[] = [0];
  for (let row = 1; row < functions.length; row++) {
    const range = functions[row] as FunctionRange;
    while (open.length > 1 && (functions[open.at(-1) as number] as FunctionRange).end <= range.start)
      open.pop();
    range.parent = open.at(-1) as number;
    open.push(row);
  }
  return { functions, statements: ownedStatements(found.statements, functions), lines };
}

/** Converts between offsets and lines, with the line ends that V8 knows. */
export class LineStarts {
  readonly #starts: Int32Array;

  constructor(text: string) {
    const starts = [0];
    const rare = /[\r\u2028\u2029]/.test(text);
    if (rare) {
      for (const end of text.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) starts.push(end.index + end[0].length);
    } else {
      for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    }
    this.#starts = Int32Array.from(starts);
  }

  get length(): number {
    return this.#starts.length;
  }

  /** Line from 1. */
  lineOf(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }

  /** Column from 0. */
  columnOf(offset: number): number {
    return offset - this.startOf(this.lineOf(offset));
  }

  /** Offset of a line's first character; the end of the text's last line for lines that it has not. */
  startOf(line: number): number {
    return this.#starts[Math.min(line, this.#starts.length) - 1] ?? 0;
  }
}

interface Candidate {
  name: string;
  readonly start: number;
  readonly end: number;
  readonly position: number;
  readonly otherPosition: number | null;
}

interface Found {
  readonly functions: Candidate[];
  readonly statements: number[];
}

function rangeOf(candidate: Candidate, lines: LineStarts): FunctionRange {
  const line = lines.lineOf(candidate.position);
  return {
    ...candidate,
    line,
    column: candidate.position - lines.startOf(line),
    firstLine: lines.lineOf(candidate.start),
    lastLine: lines.lineOf(candidate.end),
    parent: 0,
  };
}

function ownedStatements(offsets: number[], functions: readonly FunctionRange[]): StatementStart[] {
  offsets.sort((a, b) => a - b);
  const statements: StatementStart[] = [];
  const open: number[] = [0];
  let next = 1;
  let before = -1;
  for (const offset of offsets) {
    if (offset === before) continue;
    before = offset;
    while (next < functions.length && (functions[next] as FunctionRange).start <= offset) {
      closeUntil((functions[next] as FunctionRange).start);
      open.push(next++);
    }
    closeUntil(offset);
    statements.push({ offset, function: open.at(-1) as number });
  }
  return statements;

  function closeUntil(offset: number): void {
    while (open.length > 1 && (functions[open.at(-1) as number] as FunctionRange).end <= offset) open.pop();
  }
}

/** What acorn's nodes hold, as far as it is read here. */
interface SyntaxNode extends Node {
  id?: SyntaxNode | null;
  init?: SyntaxNode | null;
  left?: SyntaxNode;
  right?: SyntaxNode;
  key?: SyntaxNode;
  value?: SyntaxNode | string | number | null;
  object?: SyntaxNode;
  property?: SyntaxNode;
  body?: SyntaxNode | SyntaxNode[];
  name?: string;
  kind?: string;
  operator?: string;
  computed?: boolean;
  static?: boolean;
  expression?: boolean;
  consequent?: unknown;
  /** Offset of the parenthesis of the parameters. */
  parenthesis?: number;
  candidate?: Candidate;
}

// Acorn's methods that subclasses may override are not in its declarations.
interface ParserMethods {
  new (options: Options, input: string): { start: number; parse(): Node };
  prototype: {
    parseFunctionParams(node: SyntaxNode): void;
    parseMethod(isGenerator: boolean, isAsync?: boolean, allowDirectSuper?: boolean): SyntaxNode;
    finishNode(node: SyntaxNode, type: string): SyntaxNode;
  };
}

function parsed(text: string): Found | null {
  // A script may hold what a module may not (`with`, octal numbers), and the other way round.
  for (const sourceType of ['module', 'script'] as const) {
    const found: Found = { functions: [], statements: [] };
    try {
      new (collectingParser(found, text))(
        {
          ecmaVersion: 'latest',
          sourceType,
          allowHashBang: true,
          allowReturnOutsideFunction: true,
          allowAwaitOutsideFunction: true,
          allowSuperOutsideMethod: true,
          allowImportExportEverywhere: sourceType === 'script',
        },
        text,
      ).parse();
      return found;
    } catch {
      // Next type; a text that is neither has no ranges, and its time stays with the functions V8 named.
    }
  }
  return null;
}

/** A parser that notes functions and statements as it finishes them: no second walk over a tree of a million nodes. */
function collectingParser(found: Found, text: string): ParserMethods {
  const Base = Parser as unknown as ParserMethods;
  return class extends (Base as unknown as new (...args: never[]) => any) {
    parseFunctionParams(node: SyntaxNode): void {
      node.parenthesis = this.start as number;
      Base.prototype.parseFunctionParams.call(this, node);
    }

    parseMethod(...args: [boolean, boolean?, boolean?]): SyntaxNode {
      const parenthesis = this.start as number;
      const node = Base.prototype.parseMethod.apply(this, args);
      node.parenthesis = parenthesis;
      // It was finished before it knew its parenthesis; its start is that of the property, set below.
      return node;
    }

    finishNode(node: SyntaxNode, type: string): SyntaxNode {
      const finished = Base.prototype.finishNode.call(this, node, type);
      note(finished, type, found, text);
      return finished;
    }
  } as unknown as ParserMethods;
}

function note(node: SyntaxNode, type: string, found: Found, text: string): void {
  switch (type) {
    case 'FunctionDeclaration':
    case 'FunctionExpression':
      // A method is finished without a parenthesis: its property makes the candidate.
      if (node.parenthesis !== undefined)
        addFunction(found, node, node.start, node.parenthesis, node.id?.name ?? '');
      break;
    case 'ArrowFunctionExpression':
      addFunction(found, node, node.start, node.start, '');
      if (node.expression === true) found.statements.push((node.body as SyntaxNode).start);
      break;
    case 'Property':
    case 'MethodDefinition':
      noteProperty(node, found, text);
      break;
    case 'PropertyDefinition':
      nameFunction(node.value as SyntaxNode | null, keyName(node));
      if (node.value !== null && node.value !== undefined)
        found.statements.push((node.value as SyntaxNode).start);
      break;
    case 'VariableDeclarator':
      nameFunction(node.init, node.id?.name ?? '');
      break;
    case 'AssignmentPattern':
      nameFunction(node.right, node.left?.name ?? '');
      break;
    case 'AssignmentExpression':
      nameFunction(node.right, memberName(node.left as SyntaxNode));
      break;
    case 'ClassDeclaration':
    case 'ClassExpression':
      noteClass(node, found);
      break;
    case 'SwitchCase':
    case 'VariableDeclaration':
      found.statements.push(node.start);
      break;
    case 'BlockStatement':
    case 'EmptyStatement':
      break;
    default:
      if (type.endsWith('Statement')) found.statements.push(node.start);
  }
}

function noteProperty(node: SyntaxNode, found: Found, text: string): void {
  const value = node.value as SyntaxNode | null | undefined;
  if (value === null || value === undefined || typeof value !== 'object') return;
  const name = keyName(node);
  if (
    value.type === 'FunctionExpression' &&
    value.candidate === undefined &&
    value.parenthesis !== undefined
  ) {
    const start = node.static === true ? afterStatic(text, node.start) : node.start;
    const prefix = node.kind === 'get' || node.kind === 'set' ? `${node.kind} ` : '';
    addFunction(found, value, start, value.parenthesis, node.kind === 'constructor' ? '' : prefix + name);
    if (node.kind === 'constructor') node.candidate = (value as SyntaxNode).candidate as Candidate;
  } else nameFunction(value, name);
}

/** Names the constructor, and adds what V8 runs for fields. */
function noteClass(node: SyntaxNode, found: Found): void {
  const members = ((node.body as SyntaxNode).body as SyntaxNode[]) ?? [];
  const name = node.id?.name ?? '';
  const fields = members.filter((member) => member.type === 'PropertyDefinition' && member.static !== true);
  const statics = members.filter(
    (member) =>
      (member.type === 'PropertyDefinition' && member.static === true) || member.type === 'StaticBlock',
  );
  for (const member of members) if (member.candidate !== undefined) member.candidate.name = name;
  const [firstField, firstStatic] = [fields[0], statics[0]];
  if (firstField !== undefined) {
    // V8 12 says that the whole class is the initialiser, V8 14 that it begins with the first field.
    found.functions.push({
      name: '<instance_members_initializer>',
      start: firstField.start,
      end: (fields.at(-1) as SyntaxNode).end,
      position: firstField.start,
      otherPosition: node.start,
    });
  }
  if (firstStatic !== undefined) {
    found.functions.push({
      name: '<static_initializer>',
      start: firstStatic.start,
      end: (statics.at(-1) as SyntaxNode).end,
      position: firstStatic.start,
      otherPosition: null,
    });
  }
}

function addFunction(found: Found, node: SyntaxNode, start: number, position: number, name: string): void {
  const candidate: Candidate = { name, start, end: node.end, position, otherPosition: null };
  node.candidate = candidate;
  found.functions.push(candidate);
}

function nameFunction(value: SyntaxNode | null | undefined, name: string): void {
  if (value?.candidate !== undefined && value.candidate.name === '') value.candidate.name = name;
}

function keyName(node: SyntaxNode): string {
  const key = node.key as SyntaxNode;
  if (node.computed === true) return '';
  if (key.type === 'PrivateIdentifier') return `#${key.name}`;
  return key.type === 'Identifier' ? (key.name as string) : `${key.value as string | number}`;
}

/** `exports.read`, `Reader.next` for `Reader.prototype.next`, as V8 infers. */
function memberName(node: SyntaxNode): string {
  const names: string[] = [];
  let at: SyntaxNode | undefined = node;
  while (at?.type === 'MemberExpression') {
    if (at.computed !== true && at.property?.name !== undefined && at.property.name !== 'prototype') {
      names.unshift(at.property.name);
    }
    at = at.object;
  }
  if (at?.type === 'Identifier' && at.name !== undefined) names.unshift(at.name);
  return names.join('.');
}

function afterStatic(text: string, start: number): number {
  const skipped = /^static(?:\s|\/\*[^]*?\*\/|\/\/[^\n]*\n)+/.exec(text.slice(start, start + 1000));
  return skipped === null ? start : start + skipped[0].length;
}
