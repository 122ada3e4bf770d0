import { runReport } from '@whetstone/analyze';
import { describe, expect, test } from 'vitest';
import { selfContainedPage } from '../../src/view/self-contained-page.ts';
import { shopProfile } from './shop-profile.ts';

const template = '<body><!-- whetstone:data --><script type="module">code("$&")</script></body>';

describe('selfContainedPage', () => {
  test('lets no name of a program end the element that holds it', () => {
    const page = selfContainedPage(template, Uint8Array.of(1, 2), runReport(shopProfile()));
    expect(page.match(/<\/script/g)).toHaveLength(3);
    expect(page).not.toContain('<svg');
    expect(page).toContain('code("$&")');
  });

  test('keeps the report as it was', () => {
    const report = runReport(shopProfile());
    const page = selfContainedPage(template, Uint8Array.of(1, 2), report);
    const [, json] = /id="report">(.*?)<\/script>/.exec(page)!;
    expect(JSON.parse(json!)).toEqual(JSON.parse(JSON.stringify(report)));
    expect(page).toContain('id="profile">AQI=</script>');
  });

  test('says so where the template is another file', () => {
    expect(() => selfContainedPage('<html>', new Uint8Array(), runReport(shopProfile()))).toThrow('template');
  });
});
