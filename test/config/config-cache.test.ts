import { execFile } from 'node:child_process'
import { readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { loadConfig, type ConfigResult } from '../../src/config/load-config.js'
import { context, inFolder, linesOf, requestFor, smallest, type Options } from './support/load-text.js'

interface Project {
  readonly folder: string
  readonly cache: string
  readonly file: string
  readonly write: (text: string) => Promise<void>
  readonly load: (options?: Options) => Promise<ConfigResult>
  readonly entries: () => Promise<readonly string[]>
}

async function inProject(work: (project: Project) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const file = join(folder, 'deploy.yaml')
    const cache = join(folder, 'deep', 'cache')
    await work({
      folder,
      cache,
      file,
      write: (text) => writeFile(file, text),
      load: (options = {}) => loadConfig({ ...requestFor(file, options), cacheDirectory: cache }, context),
      entries: async () => (await readdir(cache)).map((name) => join(cache, name)),
    })
  })
}

describe('the config cache', () => {
  test('a warm answer is the cold one, warnings and their places included', async () => {
    await inProject(async ({ write, load, entries }) => {
      await write(`${smallest}environments: { one: { sources: { old: { type: directory, path: x } } } }\n`)
      const cold = await load()
      expect(await entries()).toHaveLength(1)
      expect(await load()).toEqual(cold)
      expect(linesOf(cold)).toEqual(['7:35 the source "old" is used by no service'])
      expect(await load({ environment: 'one' })).toEqual(cold)
      expect(await entries()).toHaveLength(2)
    })
  })

  test('another byte in the file is another answer, and leaves no second entry behind', async () => {
    await inProject(async ({ write, load, entries }) => {
      for (const parallelism of [1, 2, 3]) {
        await write(`${smallest}parallelism: ${parallelism}\n`)
        const result = await load()
        expect(result.ok && result.config.parallelism).toBe(parallelism)
      }
      expect(await entries()).toHaveLength(1)
    })
  })

  test('a file with problems is told each time', async () => {
    await inProject(async ({ write, load }) => {
      await write(`${smallest}parallelism: x\n`)
      const cold = await load()
      expect(cold.ok).toBe(false)
      expect(await load()).toEqual(cold)
    })
  })

  test('values of the process are never kept, and are looked at anew each time', async () => {
    await inProject(async ({ write, load, entries }) => {
      await write(`${smallest}parallelism: "\${env.N}"\nvariables: { a: "\${env.PASSWORD} \${secret.S}" }\n`)
      const env = { N: '4', PASSWORD: 'hunter2-hunter2', S: 'topsecret' }
      const cold = await load({ env })
      expect(cold.ok && cold.config.parallelism).toBe(4)
      const text = (await Promise.all((await entries()).map((entry) => readFile(entry, 'utf8')))).join('')
      expect(text).not.toContain('hunter2')
      expect(text).not.toContain('topsecret')
      expect(await load({ env })).toEqual(cold)
      const other = await load({ env: { ...env, N: '5' } })
      expect(other.ok && other.config.parallelism).toBe(5)
      expect(linesOf(await load({ env: { ...env, N: 'many' } }))).toEqual([
        expect.stringMatching(/^7:14 parallelism must be a whole number, not "many"/),
      ])
    })
  })

  test('a default of the file stands as long as the process has no value for it', async () => {
    await inProject(async ({ write, load, entries }) => {
      await write(`${smallest}parallelism: "\${env.N:-3}"\n`)
      const parallelism = async (env: Options['env'] = {}) => {
        const result = await load({ env })
        return result.ok && result.config.parallelism
      }
      expect(await parallelism()).toBe(3)
      const [entry = ''] = await entries()
      expect(await readFile(entry, 'utf8')).toContain('"kind":"valid"')
      expect(await parallelism({ N: '' })).toBe(3)
      expect(await parallelism({ N: '5' })).toBe(5)
      expect(await parallelism()).toBe(3)
    })
  })

  test('an entry that is broken, cut or changed is one that is not there', async () => {
    await inProject(async ({ write, load, entries }) => {
      await write(smallest)
      const cold = await load()
      const [entry = ''] = await entries()
      const whole = await readFile(entry, 'utf8')
      const broken = [
        '',
        'x',
        whole.slice(0, 80),
        whole.slice(0, -1),
        whole.replace('/srv/web', '/srv/evl'),
        `${whole} `,
      ]
      for (const text of broken) {
        await writeFile(entry, text)
        expect(await load()).toEqual(cold)
        expect(await readFile(entry, 'utf8')).toBe(whole)
      }
    })
  })

  test('a cache that cannot be written is no reason to stop', async () => {
    await inProject(async ({ write, load, folder }) => {
      await write(smallest)
      await writeFile(join(folder, 'deep'), 'a file where a folder should be')
      expect((await load()).ok).toBe(true)
    })
  })

  test('only its owner can read it', async () => {
    await inProject(async ({ write, load, entries, cache }) => {
      await write(smallest)
      await load()
      const [entry = ''] = await entries()
      expect((await stat(entry)).mode & 0o777).toBe(0o600)
      expect((await stat(cache)).mode & 0o777).toBe(0o700)
    })
  })

  test('a warm run loads neither the YAML package nor the validator', async () => {
    await inProject(async ({ write, file, cache, folder }) => {
      await write(smallest)
      const program = join(folder, 'load.mts')
      await writeFile(program, programThatLoads({ ...requestFor(file), cacheDirectory: cache }))
      const run = async () => {
        const options = ['--import', import.meta.resolve('tsx'), program]
        const { stdout } = await promisify(execFile)(process.execPath, options)
        return JSON.parse(stdout) as unknown
      }
      expect(await run()).toEqual({ ok: true, yaml: true, validator: true })
      expect(await run()).toEqual({ ok: true, yaml: false, validator: false })
    })
  })
})

/** Says which scripts the process has parsed by the end, as its debugger sees them. */
function programThatLoads(request: object): string {
  const source = join(import.meta.dirname, '..', '..', 'src', 'config', 'load-config.ts')
  return `
import { Session } from 'node:inspector'
import { loadConfig } from ${JSON.stringify(source)}
const scripts = []
const session = new Session()
session.connect()
session.on('Debugger.scriptParsed', ({ params }) => scripts.push(params.url))
session.post('Debugger.enable')
const context = { traits: () => undefined, strategy: () => undefined }
const { ok } = await loadConfig(${JSON.stringify(request)}, context)
const has = (part) => scripts.some((url) => url.includes(part))
console.log(JSON.stringify({ ok, yaml: has('/node_modules/yaml/'), validator: has('generated/validate.js') }))
`
}
