import { readFileSync } from 'node:fs';

/** A city of the time zone database. */
export interface Place {
  readonly zone: string;
  readonly country: string;
  /** Degrees, north and east positive. */
  readonly latitude: number;
  readonly longitude: number;
}

/** Reads `zone1970.tab`: a tab between columns, coordinates as ±DDMM[SS]±DDDMM[SS]. */
export function readPlaces(file: URL): Place[] {
  const places: Place[] = [];
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [countries, coordinates, zone] = line.split('\t') as [string, string, string];
    const [, latitude, longitude] = /^([+-]\d+)([+-]\d+)$/.exec(coordinates)!;
    places.push({
      zone,
      country: countries.slice(0, 2),
      latitude: degrees(latitude!, 2),
      longitude: degrees(longitude!, 3),
    });
  }
  return places;
}

function degrees(text: string, digits: number): number {
  const part = (from: number) => Number(text.slice(from, from + 2) || 0);
  const whole = Number(text.slice(1, 1 + digits));
  return (text[0] === '-' ? -1 : 1) * (whole + part(1 + digits) / 60 + part(3 + digits) / 3600);
}
