// Arithmetic on typed arrays: the n-body problem, the way a simulation spends its time.
const seconds = Number(process.argv[2] ?? 5);
const steps = Math.round(seconds * 4_200_000);
const n = 9;
const position = Float64Array.from({ length: n * 3 }, (_, i) => Math.sin(i * 7.1) * 10);
const velocity = new Float64Array(n * 3);
const mass = Float64Array.from({ length: n }, (_, i) => 1 + (i % 3));

function advance(dt) {
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const dx = position[i * 3] - position[j * 3];
      const dy = position[i * 3 + 1] - position[j * 3 + 1];
      const dz = position[i * 3 + 2] - position[j * 3 + 2];
      const distance = dx * dx + dy * dy + dz * dz + 0.01;
      const force = dt / (distance * Math.sqrt(distance));
      pull(i, -dx, -dy, -dz, force * mass[j]);
      pull(j, dx, dy, dz, force * mass[i]);
    }
  }
  for (let k = 0; k < n * 3; k++) position[k] += dt * velocity[k];
}

function pull(i, dx, dy, dz, force) {
  velocity[i * 3] += dx * force;
  velocity[i * 3 + 1] += dy * force;
  velocity[i * 3 + 2] += dz * force;
}

for (let step = 0; step < steps; step++) advance(0.0001);
console.log(position[0].toFixed(3));
