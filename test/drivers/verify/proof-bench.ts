/** What tests of proofs work with: a folder of releases with whatever lies beside them, the real source, cache and shell. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'
import type { DeployError } from '../../../src/base/deploy-error.js'
import { createArtifacts } from '../../../src/drivers/artifacts/artifact-cache.js'
import { directorySource } from '../../../src/drivers/sources/directory/directory-source.js'
import { createVerifier } from '../../../src/drivers/verify/artifact-verifier.js'
import type { VerifyOptions } from '../../../src/drivers/verify/verify-options.js'
import type { Ports } from '../../../src/model/ports.js'
import type { DriverSpec } from '../../../src/model/spec.js'
import { driverPorts } from '../../contract/driver-ports.js'

export interface ProofBench {
  /** The folder of deploy.yaml; releases are in `releases/`. */
  readonly folder: string
  readonly ports: Ports
  /** Absolute path of something in the folder of deploy.yaml. */
  readonly at: (name: string) => string
  /** Makes a release, or puts something beside one. */
  readonly publish: (name: string, content: string | Uint8Array) => string
  read(name: string): Buffer
  /** Empties the cache, and with it what it remembers of proofs. */
  readonly forget: () => void
  /** Null when the release was obtained, or why it was not. */
  readonly refusal: (verify: VerifyOptions, version?: string) => Promise<DeployError | null>
  /** What was said while it was obtained. */
  labels(): readonly string[]
  /** A program, in the folder. */
  readonly run: (program: string, args: readonly string[], input?: string) => string
}

export const never = new AbortController().signal

/** Removed when the file's tests are over. */
export async function proofBench(): Promise<ProofBench> {
  const ports = await driverPorts()
  afterAll(() => ports.remove())
  const folder = ports.projectDirectory
  const at = (name: string): string => join(folder, name)
  let labels: string[] = []
  return {
    folder,
    ports,
    at,
    publish(name, content) {
      const path = at(`releases/${name}`)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, content)
      return path
    },
    forget: () => rmSync(ports.cacheDirectory, { recursive: true, force: true }),
    read: (name) => readFileSync(at(name)),
    async refusal(verify, version = '1.1.0') {
      const plain = { type: 'directory', path: 'releases', pattern: 'app-{version}.tgz' }
      const spec: DriverSpec = { ...plain, verify: JSON.parse(JSON.stringify(verify)) as DriverSpec[string] }
      const source = directorySource.create('app', spec, ports)
      const artifacts = createArtifacts({
        directory: join(ports.cacheDirectory, 'artifacts'),
        source: () => source,
        clock: ports.clock,
        pid: process.pid,
        verifier: createVerifier(ports),
      })
      labels = []
      try {
        const release = await source.resolve(version, never)
        const { path } = await artifacts.obtain(release, spec, ({ label }) => labels.push(label), never)
        if (!existsSync(path)) throw new Error(`${path} is not there`)
        return null
      } catch (error) {
        return error as DeployError
      }
    },
    labels: () => [...new Set(labels)],
    run: (program, args, input = '') =>
      execFileSync(program, args, { cwd: folder, input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] }),
  }
}
