import { BinaryReader, hex, malformed } from './binary-reader.ts';

/** What a pickle holds. Lists and tuples are both lists; an object has the name of its class and its state. */
export type Pickled = string | number | null | Pickled[] | PickledDict | PickledObject;

/** Entries in the order in which they were written. */
export class PickledDict {
  readonly entries: (readonly [Pickled, Pickled])[] = [];

  /** The last value under a name. */
  get(name: string): Pickled | undefined {
    return this.entries.findLast(([key]) => key === name)?.[1];
  }
}

/** An object that was not made: nothing is imported and nothing is called. */
export class PickledObject {
  readonly className: string;
  state: Pickled = null;

  constructor(className: string) {
    this.className = className;
  }
}

/** Numbers of values that the writer gave, and that are not in order: a file may ask for no more room than this. */
const MOST_NUMBERS = 1 << 24;

/**
 * Reads a pickle of protocol 2 to 5 that holds plain data and objects of plain data.
 *
 * @see https://docs.python.org/3/library/pickletools.html
 * @throws ProfileError `PROFILE_MALFORMED` or `PROFILE_TRUNCATED`
 */
export function unpickle(bytes: Uint8Array): Pickled {
  return new Machine(new BinaryReader(bytes)).run();
}

/** A class's name, as it stands on the stack until an object is made of it. */
class ClassName {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Item = Pickled | ClassName;

/** pickle's stack machine, without the instructions that plain data does not need. */
class Machine {
  readonly #bytes: BinaryReader;
  readonly #stack: Item[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, Item>();
  /** Where the current instruction stands. */
  #at = 0;

  constructor(bytes: BinaryReader) {
    this.#bytes = bytes;
  }

  run(): Pickled {
    for (;;) {
      this.#at = this.#bytes.at;
      const opcode = this.#bytes.byte();
      if (opcode === 0x2e) return this.#popData();
      this.#step(opcode);
    }
  }

  #step(opcode: number): void {
    const bytes = this.#bytes;
    switch (opcode) {
      case 0x80: // PROTO
        bytes.byte();
        return;
      case 0x95: // FRAME
        bytes.int64();
        return;
      case 0x4e: // NONE
        return this.#push(null);
      case 0x88: // NEWTRUE
        return this.#push(1);
      case 0x89: // NEWFALSE
        return this.#push(0);
      case 0x4b: // BININT1
        return this.#push(bytes.byte());
      case 0x4d: // BININT2
        return this.#push(bytes.uint16());
      case 0x4a: // BININT
        return this.#push(bytes.int32());
      case 0x8a: // LONG1
        return this.#push(bytes.integer(bytes.byte()));
      case 0x47: // BINFLOAT
        return this.#push(bytes.double('big-endian'));
      case 0x8c: // SHORT_BINUNICODE
        return this.#push(bytes.utf8(bytes.byte()));
      case 0x58: // BINUNICODE
        return this.#push(bytes.utf8(bytes.uint32()));
      case 0x55: // SHORT_BINSTRING
        return this.#push(bytes.bytes(bytes.byte()));
      case 0x54: // BINSTRING
        return this.#push(bytes.bytes(bytes.uint32()));
      case 0x94: // MEMOIZE
        return this.#remember(this.#memo.size);
      case 0x71: // BINPUT
        return this.#remember(bytes.byte());
      case 0x72: // LONG_BINPUT
        return this.#remember(bytes.uint32());
      case 0x68: // BINGET
        return this.#recall(bytes.byte());
      case 0x6a: // LONG_BINGET
        return this.#recall(bytes.uint32());
      case 0x28: // MARK
        this.#marks.push(this.#stack.length);
        return;
      case 0x30: // POP
        this.#pop();
        return;
      case 0x29: // EMPTY_TUPLE
      case 0x5d: // EMPTY_LIST
        return this.#push([]);
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#push(this.#popMany(opcode - 0x84));
      case 0x74: // TUPLE
        return this.#push(this.#popMarked());
      case 0x61: // APPEND
        return this.#append(this.#popMany(1));
      case 0x65: // APPENDS
        return this.#append(this.#popMarked());
      case 0x7d: // EMPTY_DICT
        return this.#push(new PickledDict());
      case 0x73: // SETITEM
        return this.#setItems(this.#popMany(2));
      case 0x75: // SETITEMS
        return this.#setItems(this.#popMarked());
      case 0x63: // GLOBAL
        return this.#push(new ClassName(`${bytes.line()}.${bytes.line()}`));
      case 0x93: // STACK_GLOBAL
        return this.#push(new ClassName(this.#popMany(2).join('.')));
      case 0x81: // NEWOBJ
      case 0x52: // REDUCE
        return this.#make();
      case 0x62: // BUILD
        return this.#build();
      default:
        throw malformed(this.#at, `plain data, found the instruction ${hex(opcode)}`);
    }
  }

  #push(item: Item): void {
    this.#stack.push(item);
  }

  #pop(): Item {
    const item = this.#stack.length > (this.#marks.at(-1) ?? 0) ? this.#stack.pop() : undefined;
    if (item === undefined) throw malformed(this.#at, 'something on the stack');
    return item;
  }

  #popData(): Pickled {
    const item = this.#pop();
    if (item instanceof ClassName) throw malformed(this.#at, `data, found the name '${item.text}'`);
    return item;
  }

  #popMany(count: number): Pickled[] {
    return Array.from({ length: count }, () => this.#popData()).toReversed();
  }

  #popMarked(): Pickled[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw malformed(this.#at, 'a mark on the stack');
    const items = this.#stack.splice(mark);
    for (const item of items) {
      if (item instanceof ClassName) throw malformed(this.#at, `data, found the name '${item.text}'`);
    }
    return items as Pickled[];
  }

  #remember(number: number): void {
    if (this.#memo.size >= MOST_NUMBERS) throw malformed(this.#at, `at most ${MOST_NUMBERS} numbered values`);
    const item = this.#pop();
    this.#push(item);
    this.#memo.set(number, item);
  }

  #recall(number: number): void {
    const item = this.#memo.get(number);
    if (item === undefined) throw malformed(this.#at, `the number of a value, found ${number}`);
    this.#push(item);
  }

  #append(items: readonly Pickled[]): void {
    const list = this.#stack.at(-1);
    if (!Array.isArray(list)) throw malformed(this.#at, 'a list to add to');
    for (const item of items) list.push(item);
  }

  #setItems(items: readonly Pickled[]): void {
    const dict = this.#stack.at(-1);
    if (!(dict instanceof PickledDict)) throw malformed(this.#at, 'a dict to add to');
    if (items.length % 2 === 1) throw malformed(this.#at, 'a value for each key');
    for (let i = 0; i < items.length; i += 2) {
      dict.entries.push([items[i] as Pickled, items[i + 1] as Pickled]);
    }
  }

  /** A class and its arguments; of collections we want what will be put into them. */
  #make(): void {
    this.#popData();
    const made = this.#pop();
    if (!(made instanceof ClassName)) throw malformed(this.#at, 'a class');
    const isDict = made.text === 'collections.OrderedDict' || made.text === 'collections.defaultdict';
    this.#push(isDict ? new PickledDict() : new PickledObject(made.text));
  }

  #build(): void {
    const state = this.#popData();
    const object = this.#stack.at(-1);
    if (!(object instanceof PickledObject)) throw malformed(this.#at, 'an object to give a state');
    object.state = state;
  }
}
