/** First deployments: where nothing is yet, several services at once find their way. */
import { readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { deployctl } from '../support/built-cli.js'
import { tinyProject } from '../support/tiny-project.js'

test('many services whose common folder is not there yet are deployed at once', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `web-${index}`)
  const services = names.map(
    (name) => `  ${name}: { source: web, target: { type: directory, path: srv/deep/${name} } }\n`,
  )
  const project = await tinyProject(
    `version: 1\nproject: many\ndefaultEnvironment: local\nsources:\n` +
      `  web: { type: directory, path: releases, pattern: 'v{version}' }\n` +
      `services:\n${services.join('')}environments: { local: {} }\n`,
  )
  try {
    expect(await deployctl(['apply', '--auto-approve'], { directory: project.folder })).toMatchObject({
      code: 0,
      stderr: '',
    })
    for (const name of names) {
      const current = join(project.folder, 'srv', 'deep', name, 'current')
      expect(await readlink(current)).toMatch(/^releases\/1\.0\.0-[0-9a-f]{8}$/)
      expect(await readFile(join(current, 'page.txt'), 'utf8')).toBe('page of 1.0.0\n')
    }
  } finally {
    await project.remove()
  }
})
