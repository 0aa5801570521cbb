// The search. The index lies beside the pages and is fetched piece by piece when somebody types; nothing is asked of anybody else.
const region = document.querySelector('search')
const input = region.querySelector('input')
const found = region.querySelector('#-found')
const status = found.querySelector('[role=status]')
const list = found.querySelector('ol')
const ROWS = 8

let index
const load = () => (index ??= import(new URL('pagefind/pagefind.js', import.meta.url).href))

region.hidden = false
input.addEventListener('focus', () => void load(), { once: true })
input.addEventListener('input', () => void search())
document.addEventListener('keydown', (event) => {
  const typing = event.target instanceof HTMLElement && event.target.matches('input, textarea, select, [contenteditable]')
  if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault()
    input.focus()
  }
  if (event.key === 'Escape' && !found.hidden) {
    found.hidden = true
    input.focus()
  }
})
document.addEventListener('click', (event) => {
  if (!region.contains(event.target)) found.hidden = true
})

async function search() {
  const asked = input.value.trim()
  if (asked === '') {
    found.hidden = true
    return
  }
  try {
    const { debouncedSearch } = await load()
    const results = await debouncedSearch(asked, {}, 120)
    // Null: something newer was typed meanwhile.
    if (results === null) return
    const pages = await Promise.all(results.results.slice(0, ROWS).map((result) => result.data()))
    if (input.value.trim() !== asked) return
    list.replaceChildren(...pages.map(row))
    status.textContent =
      pages.length === 0 ? 'Nothing is found for that.' : `${results.results.length} ${results.results.length === 1 ? 'page' : 'pages'}`
  } catch {
    index = undefined
    list.replaceChildren()
    status.textContent = 'The index could not be loaded. It needs a web server: a file opened from the disk has none.'
  }
  found.hidden = false
}

function row({ meta, url, excerpt, sub_results: sections }) {
  const [best] = sections
  const item = document.createElement('li')
  const link = document.createElement('a')
  link.href = best?.url ?? url
  link.textContent = best === undefined || best.title === meta.title ? meta.title : `${meta.title}: ${best.title}`
  const text = document.createElement('span')
  // Escaped by Pagefind, but for the <mark> around what was found.
  text.innerHTML = best?.excerpt ?? excerpt
  item.append(link, text)
  return item
}
