// The home page: what this is, three ways in, and the map. Its lines are those of the navigation.
import { escaped } from './html.mjs'

const page = ({ at, name, for: what }) =>
  `<li><a href="${at}.html">${escaped(name)}</a>${what === undefined ? '' : `<span>${escaped(what)}</span>`}</li>`
const chapter = ({ title, pages }) => `<section><h2>${title}</h2><ul>${pages.map(page).join('')}</ul></section>`

export function home(chapters) {
  return `<h1>E-mail sign-in that survives real inboxes</h1>
<p class="lead">One mail carries a link that mail scanners cannot use up and a six-digit code that cannot be guessed. For every attempt
there is a record of what happened and why. A library for TypeScript applications, and a server with its own pages for all others.</p>
<pre class="code" tabindex="0"><code>npm ci &amp;&amp; npm start     <i class="comment"># a demo on http://localhost:3000</i></code></pre>
<p class="ways"><a class="button" href="get-started.html">Get started</a> <a href="why-get-changes-nothing.html">Why GET must change nothing</a></p>
<div class="map">${chapters
    .filter(({ title }) => title !== 'Decisions')
    .map(chapter)
    .join('\n')}</div>
`
}
