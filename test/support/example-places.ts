/**
 * Where the releases of the examples lie in tests: for each a server of the kind that its deploy.yaml names, on loopback.
 * What an example reads from the environment is set; an address that is written in it is replaced.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { arch, platform, tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { withVariable } from '../../src/drivers/system/with-variable.js'
import { startGitServer } from '../drivers/sources/git/git-server.js'
import { makeRepository } from '../drivers/sources/git/repository.js'
import { startLoopbackServer } from '../drivers/sources/loopback-server.js'
import { makeTar, type TarPart } from './archives/make-tar.js'
import { startGcsStandIn } from './gcs-stand-in.js'
import { startGitHub } from './github-stand-in.js'
import { addressOf, type Component } from './needs.js'
import { ociPusher, registries } from './oci-pusher.js'

export interface ExamplePlace {
  readonly env: Readonly<Record<string, string>>
  /** The example's text, for this place. */
  rewrite(text: string): string
  publish(version: string): Promise<void>
  end(): Promise<void>
}

interface ExampleCase {
  readonly needs?: Component
  /** Two releases that the example's version policy admits, the newer one last. */
  readonly versions: readonly [string, string]
  /** A file below `current` that holds the version. */
  readonly file: string
  readonly begin: () => Promise<ExamplePlace>
}

const archive = (...parts: readonly TarPart[]): Buffer => gzipSync(makeTar(...parts))
const page = (version: string): Buffer => archive({ name: 'index.html', content: version })
const program = (name: string, version: string): TarPart => ({
  name,
  content: `#!/bin/sh\necho ${version}\n`,
  mode: 0o755,
})
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const asItIs = (text: string): string => text

export const examplePlaces: { readonly [example: string]: ExampleCase } = {
  'github-release': {
    versions: ['1.8.1', '1.8.2'],
    file: 'var/node-exporter/current/node_exporter',
    async begin() {
      const github = await startGitHub('prometheus/node_exporter')
      return {
        env: {},
        rewrite: (text) => text.replace(/^( *)repository: .*$/m, `$&\n$1baseUrl: ${github.apiUrl}`),
        publish: async (version) => {
          const machine = `${platform()}-${arch() === 'x64' ? 'amd64' : arch()}`
          const folder = `node_exporter-${version}.${machine}`
          const content = archive(program(`${folder}/node_exporter`, version))
          const sums = `${sha256(content)}  ${folder}.tar.gz\n`
          github.publish(`v${version}`, {
            assets: { [`${folder}.tar.gz`]: { content }, 'sha256sums.txt': sums },
          })
        },
        end: () => github.end(),
      }
    },
  },
  'http-index': {
    versions: ['22.11.0', '22.12.0'],
    file: 'var/node/current/bin/node',
    async begin() {
      const server = await startLoopbackServer()
      const index: object[] = []
      return {
        env: {},
        rewrite: (text) => text.replaceAll('https://nodejs.org', server.origin),
        publish: async (version) => {
          const folder = `node-v${version}-linux-x64`
          const bytes = archive(program(`${folder}/bin/node`, version))
          server.serve(`/dist/v${version}/${folder}.tar.gz`, bytes)
          server.serve(`/dist/v${version}/SHASUMS256.txt`, `${sha256(bytes)}  ${folder}.tar.gz\n`)
          index.unshift({ version: `v${version}`, date: '2024-12-03', files: ['linux-x64'], lts: false })
          server.serve('/dist/index.json', JSON.stringify(index))
        },
        end: () => server.end(),
      }
    },
  },
  'git-tags': {
    needs: 'git',
    versions: ['5.3.2', '5.3.3'],
    file: 'var/bootstrap/current/dist/css/bootstrap.min.css',
    async begin() {
      const root = await mkdtemp(join(tmpdir(), 'deployctl-example-git-'))
      const repository = await makeRepository(join(root, 'twbs', 'bootstrap.git'))
      const server = await startGitServer(root)
      return {
        env: {},
        rewrite: (text) => text.replaceAll('https://github.com', server.origin),
        publish: async (version) => {
          await mkdir(join(repository.folder, 'dist', 'css'), { recursive: true })
          await mkdir(join(repository.folder, 'site'), { recursive: true })
          await writeFile(join(repository.folder, 'site', 'page'), version)
          await writeFile(join(repository.folder, 'LICENSE'), 'MIT')
          await repository.publish(`v${version}`, version, 'dist/css/bootstrap.min.css')
        },
        end: async () => {
          await server.end()
          await rm(root, { recursive: true, force: true })
        },
      }
    },
  },
  'oci-artifact': {
    needs: 'docker-registry',
    versions: ['1.0.0', '1.1.0'],
    file: 'var/site/current/index.html',
    async begin() {
      const { open } = registries()
      const repository = `acme-${randomBytes(8).toString('hex')}/site` // all tests share the registry
      const pusher = ociPusher(open, repository)
      return {
        env: { REGISTRY: open },
        rewrite: (text) => text.replaceAll('acme/site', repository),
        publish: async (version) => {
          const mediaType = 'application/vnd.oci.image.layer.v1.tar'
          await pusher.artifact(`v${version}`, [{ content: page(version), title: 'site.tar.gz', mediaType }])
        },
        end: async () => undefined,
      }
    },
  },
  's3-bucket': {
    needs: 'ceph-rgw',
    versions: ['1.0.0', '1.1.0'],
    file: 'var/site/current/index.html',
    async begin() {
      // as test/services/ceph-rgw.mjs writes it
      const { endpoint, ...credentials } = JSON.parse(addressOf('ceph-rgw')) as {
        endpoint: string
        accessKeyId: string
        secretAccessKey: string
      }
      const client = withVariable('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true', () => {
        const options = { endpoint, credentials, region: 'us-east-1', forcePathStyle: true }
        return new S3Client({ ...options, requestChecksumCalculation: 'WHEN_REQUIRED' })
      })
      const Bucket = `example-${randomBytes(8).toString('hex')}`
      await client.send(new CreateBucketCommand({ Bucket }))
      const login = {
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      }
      return {
        env: { S3_ENDPOINT: endpoint, S3_BUCKET: Bucket, ...login },
        rewrite: asItIs,
        publish: async (version) => {
          const Key = `site/site-${version}.tar.gz`
          await client.send(new PutObjectCommand({ Bucket, Key, Body: page(version) }))
        },
        end: async () => client.destroy(),
      }
    },
  },
  'gcs-bucket': {
    versions: ['1.0.0', '1.1.0'],
    file: 'var/site/current/index.html',
    async begin() {
      const gcs = await startGcsStandIn()
      return {
        env: { STORAGE_EMULATOR_HOST: gcs.endpoint, GCS_BUCKET: 'releases' },
        rewrite: asItIs,
        publish: async (version) => gcs.put(`site/${version}/site.tar.gz`, page(version)),
        end: () => gcs.end(),
      }
    },
  },
}
