/** The examples of sources as they are written, by the built program: deployed, upgraded, rolled back without the source. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { deployctl } from '../support/built-cli.js'
import { examplePlaces } from '../support/example-places.js'
import { testWith } from '../support/needs.js'

const examples = join(import.meta.dirname, '..', '..', 'examples')

for (const [example, { needs, versions, file, begin }] of Object.entries(examplePlaces)) {
  const testHere = needs === undefined ? test : testWith(needs)
  testHere(`${example} is deployed, upgraded and rolled back`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'deployctl-example-'))
    const place = await begin()
    const run = (line: string, env: Record<string, string> = {}) =>
      deployctl(line.split(' '), { directory: folder, env: { ...place.env, HOME: folder, ...env } })
    const expectServing = async (version: string) =>
      expect(await readFile(join(folder, file), 'utf8')).toContain(version)
    try {
      await cp(join(examples, example), folder, { recursive: true })
      const project = join(folder, 'deploy.yaml')
      await writeFile(project, place.rewrite(await readFile(project, 'utf8')))
      const [older, newer] = versions

      await place.publish(older)
      expect(await run('apply --auto-approve')).toMatchObject({ code: 0, stderr: '' })
      await expectServing(older)

      await place.publish(newer)
      expect(await run('apply --auto-approve')).toMatchObject({ code: 0, stderr: '' })
      await expectServing(newer)
      expect((await run('plan --detailed-exitcode')).code).toBe(0)

      await place.end()
      expect(await run('rollback --auto-approve')).toMatchObject({ code: 0 })
      await expectServing(older)
    } finally {
      await place.end()
      await rm(folder, { recursive: true, force: true })
    }
  })
}
