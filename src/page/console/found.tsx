// What was found by an id or a network: one sign-in from beginning to end, the verdict first; or several, each with its verdict.

import { paths } from '../../core/paths.ts'
import type { Entry } from '../../core/timeline.ts'
import { Address, words } from '../fill.tsx'
import type { Frame } from '../view.ts'
import { deskPage, Facts, When } from './desk.tsx'
import type { Desk, FoundView, Story } from './view.ts'

/** Never of an address: those stay out of addresses of pages. */
export function foundPath(id: string): string {
  return `${paths.consoleFound}?q=${encodeURIComponent(id)}`
}

export function foundPage(frame: Frame, desk: Desk, { stories, more }: FoundView): string {
  const w = words(frame).console.found
  const [one] = stories
  return deskPage(frame, desk, {
    title: stories.length === 1 ? w.title : w.titles,
    children:
      one !== undefined && stories.length === 1 ? (
        <Whole frame={frame} story={one} />
      ) : (
        <Several frame={frame} stories={stories} more={more} />
      ),
  })
}

function Whole({ frame, story }: { frame: Frame; story: Story }) {
  const w = words(frame).console.found
  return (
    <>
      <h1>{w.title}</h1>
      <p class="lead">{story.verdict}</p>
      <Facts
        facts={[
          { name: w.person, value: <Person frame={frame} story={story} /> },
          story.challenge === null ? null : { name: w.challenge, value: <code>{story.challenge}</code> },
          story.request === null ? null : { name: w.requestId, value: <code>{story.request}</code> },
        ]}
      />
      {story.challenge === null && <p class="hint">{w.request}</p>}
      <section aria-labelledby="story">
        <h2 id="story">{w.story}</h2>
        {story.entries.length === 0 ? (
          <p class="hint">{w.nothing}</p>
        ) : (
          <ol class="rows">
            {story.entries.map((entry) => (
              <EntryRow frame={frame} entry={entry} />
            ))}
          </ol>
        )}
        {story.entries.some(({ what }) => what === 'view') && <p class="hint">{w.guess}</p>}
      </section>
    </>
  )
}

function EntryRow({ frame, entry }: { frame: Frame; entry: Entry }) {
  const w = words(frame).console.found
  return (
    <li>
      <div>
        <p class="hint">
          <When frame={frame} at={entry.at} />
        </p>
        <p>
          {entry.text} {entry.count > 1 && <span class="tag">{w.times(entry.count)}</span>}
        </p>
        {entry.requestId !== null && (
          <p class="hint">
            {w.inRequest} <code>{entry.requestId}</code>
          </p>
        )}
      </div>
    </li>
  )
}

function Several({ frame, stories, more }: { frame: Frame; stories: readonly Story[]; more: boolean }) {
  const w = words(frame).console.found
  return (
    <>
      <h1>{w.titles}</h1>
      <p class="lead">{more ? w.more(stories.length) : w.many(stories.length)}</p>
      <ul class="rows">
        {stories.map((story) => (
          <li>
            <div>
              <p class="hint">
                <When frame={frame} at={story.at} /> · <Person frame={frame} story={story} />
              </p>
              <p>{story.verdict}</p>
              <p class="hint">
                <code>{story.challenge ?? story.request}</code> ·{' '}
                <a href={`${frame.basePath}${foundPath(story.challenge ?? story.request ?? '')}`}>{w.whole}</a>
              </p>
            </div>
          </li>
        ))}
      </ul>
    </>
  )
}

function Person({ frame, story: { person } }: { frame: Frame; story: Story }) {
  if (person === null) return <>{words(frame).console.found.gone}</>
  return (
    <a href={`${frame.basePath}${paths.consolePeople}/${encodeURIComponent(person.name)}`}>
      <Address>{person.email}</Address>
    </a>
  )
}
