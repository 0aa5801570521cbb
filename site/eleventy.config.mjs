// The pages of docs/ as a website. Input are the documents as they are: no copy of a text lives here.
import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { home } from './home.mjs'
import { layout } from './layout.mjs'
import { fileOf, published } from './links.mjs'
import { configure } from './markdown.mjs'
import { atTheRoot, navigation } from './navigation.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file) => readFileSync(posix.join(root, file), 'utf8')
const plain = (heading) => heading.replace(/[`*]/g, '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')

const there = [
  ...Object.keys(atTheRoot),
  ...readdirSync(posix.join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => file.replaceAll('\\', '/').replace(/\.md$/, '')),
]
const titles = Object.fromEntries(there.map((page) => [page, plain(/^# (.+)$/m.exec(read(fileOf(page)))?.[1] ?? page)]))
const chapters = navigation(there).map(({ title, pages }) => ({
  title,
  pages: pages.map(({ at, name, for: what }) => ({ at, name: name ?? titles[at], for: what })),
}))
const order = chapters.flatMap(({ pages }) => pages)
const { version } = JSON.parse(read('package.json'))

/** What a page says of itself in search results: its first paragraph, cut at a sentence or word. */
function description(text) {
  const paragraph = plain(/^(?!#|\||```|<|- |\d\. )\S[\s\S]*?(?=\n\n|$)/m.exec(text)?.[0] ?? '').replaceAll('\n', ' ')
  return paragraph.length <= 160 ? paragraph : `${paragraph.slice(0, 159).replace(/\s+\S*$/, '')}…`
}

export default function (eleventy) {
  eleventy.setUseGitIgnore(false)
  eleventy.setQuietMode(true)
  eleventy.amendLibrary('md', configure)
  for (const [page, file] of Object.entries(atTheRoot)) eleventy.addTemplate(`${page}.md`, read(file))
  eleventy.addTemplate('index.11ty.js', { data: { at: 'index' }, render: () => home(chapters) })
  eleventy.addPassthroughCopy(Object.fromEntries(published.map((file) => [file, posix.basename(file)])))
  eleventy.addPassthroughCopy({ 'src/page/mark.svg': 'mark.svg', 'site/look/site.css': 'site.css', 'site/look/site.js': 'site.js' })
  eleventy.addGlobalData(
    'permalink',
    () =>
      ({ page }) =>
        `${page.filePathStem}.html`,
  )
  eleventy.addGlobalData('eleventyComputed', () => ({ at: ({ page }) => page.filePathStem.slice(1) }))
  eleventy.addTransform('layout', function (content) {
    const at = this.page.filePathStem.slice(1)
    if (at === 'index')
      return layout({ at, title: 'Postkey', about: 'E-mail sign-in that survives real inboxes.', content, chapters, version })
    const place = order.findIndex((page) => page.at === at)
    const source = fileOf(at)
    return layout({
      ...{ at, title: order[place]?.name ?? titles[at], about: description(read(source)), content, chapters, version, source },
      ...{ before: order[place - 1], after: order[place + 1] },
    })
  })
  return { markdownTemplateEngine: false, dir: { input: 'docs', output: 'site/dist', includes: '../site/none', data: '../site/none' } }
}
