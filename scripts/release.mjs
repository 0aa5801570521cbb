// What has to be so before a version goes out. Prints what is new in it, from the changelog; or says what is not so, and exits with 1.
//   node scripts/release.mjs TAG
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * @param {{ tag: string, home?: string, manifest: { version: string, repository?: { url?: string } }, lock: { version: string }, changelog: string }} given
 *   `home` is the address of the repository that the tag was pushed to, where that is known.
 * @returns {{ problems: string[], notes: string }}
 */
export function release({ tag, home, manifest, lock, changelog }) {
  const { version, repository } = manifest
  const problems = []
  if (!/^\d+\.\d+\.\d+$/.test(version)) problems.push(`package.json: ${version} is not a version like 1.2.3, and others are not released`)
  if (tag !== `v${version}`) problems.push(`the tag is ${tag}, and package.json has ${version}: tag the commit that has the version`)
  if (lock.version !== version) problems.push(`package-lock.json has ${lock.version}: run npm install --package-lock-only`)

  const [, address = ''] = /^git\+(https:\/\/.+)\.git$/.exec(repository?.url ?? '') ?? []
  if (address === '' || (home !== undefined && address !== home))
    problems.push(
      `package.json: "repository" has to be { "type": "git", "url": "git+${home ?? 'https://github.com/OWNER/NAME'}.git" }, else npm does not take the provenance`,
    )

  const part = changelog.split(/^(?=## )/m).find((text) => text.startsWith(`## ${version} `)) ?? ''
  const [heading = '', ...lines] = part.split('\n')
  if (part === '') problems.push(`CHANGELOG.md has no part "## ${version} - DATE"`)
  else if (!/ - \d{4}-\d{2}-\d{2}$/.test(heading)) problems.push(`CHANGELOG.md: "${heading}" needs the day of the release, as 2027-01-31`)
  else if (lines.join('').trim() === '') problems.push(`CHANGELOG.md says nothing of ${version}`)
  // Read far from the repository.
  const notes = lines
    .join('\n')
    .trim()
    .replaceAll(/\]\((?!https?:|#)/g, `](${address}/blob/${tag}/`)
  return { problems, notes }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const read = (file) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')
  const [, , tag] = process.argv
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env
  if (tag === undefined) {
    console.error('which tag? node scripts/release.mjs v1.2.3')
    process.exit(2)
  }
  const { problems, notes } = release({
    tag,
    home: GITHUB_REPOSITORY && `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`,
    manifest: JSON.parse(read('package.json')),
    lock: JSON.parse(read('package-lock.json')),
    changelog: read('CHANGELOG.md'),
  })
  if (problems.length === 0) console.log(notes)
  else {
    console.error(problems.join('\n'))
    process.exitCode = 1
  }
}
