// Many small calls: recursion, closures and methods, which the engine inlines where it can.
const seconds = Number(process.argv[2] ?? 5);
const rounds = Math.round(seconds * 20);

function fib(n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

class Tree {
  constructor(value) {
    this.value = value;
    this.left = null;
    this.right = null;
  }
  insert(value) {
    const side = value < this.value ? 'left' : 'right';
    if (this[side]) this[side].insert(value);
    else this[side] = new Tree(value);
  }
  sum(add) {
    return add(add(this.value, this.left ? this.left.sum(add) : 0), this.right ? this.right.sum(add) : 0);
  }
}

let total = 0;
for (let round = 0; round < rounds; round++) {
  total += fib(30);
  const tree = new Tree(500_000);
  for (let i = 1; i < 60_000; i++) tree.insert((i * 7919) % 1_000_003);
  total += tree.sum((a, b) => (a + b) % 1_000_007);
}
console.log(total);
