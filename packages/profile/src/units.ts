import type { Bytes, Microseconds } from './profile.ts';

/** What stands where a figure was not measured. */
const UNKNOWN = '?';

interface Unit {
  readonly name: string;
  /** How many of the base unit it is. */
  readonly size: number;
}

/** In microseconds. A minute and an hour are used from two of them on: 90 s is easier to compare than 1.50 min. */
const times: readonly Unit[] = [
  { name: 'ns', size: 1e-3 },
  { name: 'µs', size: 1 },
  { name: 'ms', size: 1e3 },
  { name: 's', size: 1e6 },
  { name: 'min', size: 60e6 },
  { name: 'h', size: 3600e6 },
];

const sizes: readonly Unit[] = [
  { name: 'B', size: 1 },
  { name: 'kB', size: 1e3 },
  { name: 'MB', size: 1e6 },
  { name: 'GB', size: 1e9 },
  { name: 'TB', size: 1e12 },
  { name: 'PB', size: 1e15 },
];

/** A time with three significant digits: `412 ms`, `3.59 µs`, `4.62 s`, `12.5 min`; `?` for what is not known. */
export function formatTime(time: Microseconds | null): string {
  if (time === null || !Number.isFinite(time)) return UNKNOWN;
  if (time === 0) return '0 s';
  return inUnits(time, times, (unit) => (unit.name === 'min' || unit.name === 'h' ? 2 : 1));
}

/** Memory with three significant digits, in powers of 1000: `1.18 GB`, `512 B`. */
export function formatBytes(bytes: Bytes | null): string {
  if (bytes === null || !Number.isFinite(bytes)) return UNKNOWN;
  // There is no half byte, so bytes have no decimals.
  if (Math.abs(bytes) < 999.5) return `${Math.round(bytes) + 0} B`;
  return inUnits(bytes, sizes, () => 1);
}

/** A whole number with its thousands separated: `2,692,537`. */
export function formatCount(count: number | null): string {
  if (count === null || !Number.isFinite(count)) return UNKNOWN;
  return grouped(String(BigInt(Math.round(count))));
}

/** A share of 1 as a percentage with one decimal: `34.1 %`. */
export function formatPercent(share: number | null): string {
  if (share === null || !Number.isFinite(share)) return UNKNOWN;
  return `${grouped(withoutMinusZero((share * 100).toFixed(1)))} %`;
}

/** A ratio with three significant digits, two decimals at least: `1.04×`, `12.30×`. */
export function formatRatio(ratio: number | null): string {
  if (ratio === null || !Number.isFinite(ratio)) return UNKNOWN;
  return `${grouped(withoutMinusZero(ratio.toFixed(2)))}×`;
}

function inUnits(value: number, units: readonly Unit[], least: (unit: Unit) => number): string {
  let chosen = units[0] as Unit;
  for (const unit of units) {
    // 999.6 µs would be printed as 1000 µs, so it belongs to the next unit already.
    if (Math.abs(value) / unit.size >= least(unit) * 0.9995) chosen = unit;
  }
  return `${grouped(withoutMinusZero(threeDigits(value / chosen.size)))} ${chosen.name}`;
}

function threeDigits(value: number): string {
  const size = Math.abs(value);
  if (size >= 99.95) return value.toFixed(0);
  if (size >= 9.995) return value.toFixed(1);
  return value.toFixed(2);
}

function withoutMinusZero(text: string): string {
  return /^-0(?:\.0*)?$/.test(text) ? text.slice(1) : text;
}

function grouped(text: string): string {
  // Exponents (1e+21) have no thousands to separate.
  if (text.includes('e')) return text;
  const [whole, fraction] = text.split('.') as [string, string?];
  const separated = whole.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return fraction === undefined ? separated : `${separated}.${fraction}`;
}
