import { mended } from './mended.ts';

/** Price of a parcel by weight, in cents, for every 50 g up to 40 kg. */
function makeTariff(): Map<string, number> {
  const tariff = new Map<string, number>();
  for (let country = 0; country < 26 * 26; country++) {
    const code = String.fromCharCode(65 + Math.floor(country / 26), 65 + (country % 26));
    for (let weight = 0; weight < 40_000; weight += 50) {
      tariff.set(`${code}/${weight}`, Math.round(390 + weight * 0.021 + (country % 17) * 35));
    }
  }
  return tariff;
}

// Planted: importing this file computes every price of every country, whether anybody asks or not.
const tariff = mended('start-up') ? undefined : makeTariff();

/** Cents for a parcel to a country. */
export function price(country: string, weight: number): number {
  const step = Math.floor(weight / 50) * 50;
  if (tariff) return tariff.get(`${country}/${step}`)!;
  const index = (country.charCodeAt(0) - 65) * 26 + country.charCodeAt(1) - 65;
  return Math.round(390 + step * 0.021 + (index % 17) * 35);
}
