// Around every page: head, search, the list of all pages, where one is in it, and what comes next. Works without JavaScript, which
// only adds the search.
import { readFileSync } from 'node:fs'
import { escaped } from './html.mjs'
import { between } from './links.mjs'

// Ids of ours begin with a dash, since those of a page are its headings and may be any word.
const mark = readFileSync(new URL('../src/page/mark.svg', import.meta.url), 'utf8')
  .replace(/#[0-9a-f]{6}/, 'currentColor')
  .replace('<svg', '<svg class="mark" width="32" height="32" aria-hidden="true" focusable="false"')

const sectionsOf = (content) =>
  [...content.matchAll(/<h2 id="([^"]+)"[^>]*>([\s\S]*?)<\/h2>/g)].map(([, id, inner]) => ({ id, name: inner.replace(/<[^>]+>/g, '') }))
const list = (sections) => `<ul>${sections.map(({ id, name }) => `<li><a href="#${id}">${name}</a></li>`).join('')}</ul>`

export function layout({ at, title, about, content, chapters, version, source, before, after }) {
  const to = (page) => between(at, page === 'index' ? 'index.html' : `${page}.html`)
  const asset = (file) => between(at, file)
  const sections = at === 'index' ? [] : sectionsOf(content)
  const entry = ({ at: page, name }) =>
    page === at
      ? `<li><a href="${to(page)}" aria-current="page">${escaped(name)}</a>${sections.length < 2 ? '' : list(sections)}</li>`
      : `<li><a href="${to(page)}">${escaped(name)}</a></li>`
  const chapter = ({ title: heading, pages }) => {
    const entries = `<ul>${pages.map(entry).join('')}</ul>`
    // A long list for few readers.
    if (heading === 'Decisions')
      return `<details${at.startsWith('decisions/') ? ' open' : ''}><summary>${heading}</summary>${entries}</details>`
    return `<h2>${heading}</h2>${entries}`
  }
  const step = (page, rel, word) =>
    page === undefined ? '' : `<a rel="${rel}" href="${to(page.at)}"><small>${word}</small> ${escaped(page.name)}</a>`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${at === 'index' ? title : `${escaped(title)} · Postkey`}</title>
<meta name="description" content="${escaped(about)}">
<link rel="icon" type="image/svg+xml" href="${asset('mark.svg')}">
<link rel="stylesheet" href="${asset('site.css')}">
<script type="module" src="${asset('site.js')}"></script>
</head>
<body>
<a class="skip" href="#-text">To the text</a>
<header>
<a class="brand" href="${to('index')}">${mark}<span>Postkey</span></a>
<search hidden>
<label class="unseen" for="-search">Search the documents</label>
<input id="-search" type="search" placeholder="Search" autocomplete="off" spellcheck="false" aria-controls="-found">
<div id="-found" class="found" hidden><p role="status"></p><ol></ol></div>
</search>
<a class="to-pages" href="#-pages">All pages</a>
</header>
<div class="sheet">
<main id="-text"${at === 'index' ? '' : ' data-pagefind-body'}>
<span hidden data-pagefind-meta="title">${escaped(title)}</span>
${sections.length < 2 ? '' : `<details class="sections" data-pagefind-ignore><summary>On this page</summary>${list(sections)}</details>`}
${content}
<footer data-pagefind-ignore>
${before === undefined && after === undefined ? '' : `<nav class="steps" aria-label="Before and after">${step(before, 'prev', 'Before')}${step(after, 'next', 'Next')}</nav>`}
<p>Postkey ${version}${source === undefined ? '' : `, <code>${source}</code>`}</p>
</footer>
</main>
<nav id="-pages" class="pages" aria-label="All pages">
${chapters.map(chapter).join('\n')}
</nav>
</div>
</body>
</html>
`
}
