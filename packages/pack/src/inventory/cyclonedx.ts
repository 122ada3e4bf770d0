import { createHash } from 'node:crypto';
import { packageUrl } from './declaration.ts';
import type { Inventory, InventoryRow } from './inventory.ts';

/** Whose files nothing declared. */
const own = 'own';

/**
 * An inventory as a CycloneDX 1.6 document: a component for each package, with its files and what the comparison came
 * to. The same inventory gives the same bytes.
 *
 * @see https://cyclonedx.org/docs/1.6/json/
 */
export function cycloneDx(inventory: Inventory): string {
  const groups = new Map<string, InventoryRow[]>();
  for (const row of inventory.rows) {
    const name = row.package ? packageUrl(row.package) : own;
    const rows = groups.get(name);
    if (rows) rows.push(row);
    else groups.set(name, [row]);
  }
  const components = [...groups]
    .filter(([name]) => name !== own)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([url, rows]) => {
      const { name, version } = rows[0]!.package!;
      const [, scope, bare] = /^(@[^/]+)\/(.+)$/.exec(name) ?? [];
      return {
        type: 'library',
        'bom-ref': url,
        ...(scope === undefined ? { name } : { group: scope, name: bare }),
        version,
        purl: url,
        components: rows.map((row) => fileComponent(row)),
      };
    });
  const files = (groups.get(own) ?? []).map((row) => fileComponent(row));
  const body = {
    metadata: {
      tools: { components: [{ type: 'application', name: 'whetstone' }] },
      component: {
        type: 'application',
        'bom-ref': 'packed',
        name: inventory.name,
        version: inventory.version,
        ...(inventory.root === undefined
          ? {}
          : { properties: [{ name: 'whetstone:identity', value: inventory.root }] }),
      },
    },
    components: [...components, ...files],
  };
  const head = { bomFormat: 'CycloneDX', specVersion: '1.6', serialNumber: serialOf(body), version: 1 };
  return `${JSON.stringify({ ...head, ...body }, null, 2)}\n`;
}

function fileComponent({ path, sha256, status, by, why }: InventoryRow): object {
  const properties = [
    { name: 'whetstone:status', value: status },
    ...(by === undefined ? [] : [{ name: 'whetstone:declared-by', value: by }]),
    ...(why === undefined ? [] : [{ name: 'whetstone:why', value: why }]),
  ];
  return {
    type: 'file',
    'bom-ref': `file:${path}`,
    name: path,
    hashes: [{ alg: 'SHA-256', content: sha256 }],
    properties,
  };
}

/** A UUID of version 8, whose digits are the document's hash. */
function serialOf(body: object): string {
  const digits = createHash('sha256').update(JSON.stringify(body)).digest('hex');
  const variant = ((Number.parseInt(digits[16]!, 16) & 3) | 8).toString(16);
  return `urn:uuid:${digits.slice(0, 8)}-${digits.slice(8, 12)}-8${digits.slice(13, 16)}-${variant}${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
}
