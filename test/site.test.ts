// The website of the documents: what is decided without its generator, which test/deep/site.test.ts runs.
import { expect, test } from 'vitest'

const load = async <T>(file: string): Promise<T> => (await import(new URL(`../site/${file}`, import.meta.url).href)) as T
const { navigation } = await load<{ navigation(there: readonly string[]): { title: string; pages: { at: string }[] }[] }>('navigation.mjs')
const { resolveLink } = await load<{ resolveLink(page: string, link: string): { href: string } | { file: string } }>('links.mjs')

test('a page that is not there yet is in no list, and one that nobody has listed comes last', () => {
  const chapters = navigation(['decisions/001-x', 'get-started', 'new-thing', 'policy'])
  expect(chapters.map(({ title, pages }) => [title, pages.map(({ at }) => at)])).toEqual([
    ['Begin', ['get-started']],
    ['Make it yours', ['policy']],
    ['More', ['new-thing']],
    ['Decisions', ['decisions/001-x']],
  ])
})

test.each([
  ['policy', 'tenants.md#hosts', { href: 'tenants.html#hosts' }],
  ['policy', '#guessing', { href: '#guessing' }],
  ['policy', '../README.md#policy', { href: 'overview.html#policy' }],
  ['policy', 'decisions/005-x.md', { href: 'decisions/005-x.html' }],
  ['decisions/005-x', '../../src/core/start.ts', { file: 'src/core/start.ts' }],
  ['decisions/005-x', '../operating.md', { href: '../operating.html' }],
  ['migrate/auth0', '../../test/imports', { file: 'test/imports' }],
  ['overview', 'docs/operating.md', { href: 'operating.html' }],
  ['overview', 'docs/decisions', { file: 'docs/decisions' }],
  ['overview', 'LICENSE', { file: 'LICENSE' }],
  ['contract', 'openapi.json', { href: 'openapi.json' }],
  ['mails', 'https://example.com/x', { href: 'https://example.com/x' }],
])('on the page %s a link to %s', (page, link, target) => {
  expect(resolveLink(page, link)).toEqual(target)
})
