/** An npm registry on loopback: package documents with ETags, and tarballs that are any bytes at all. */
import { createHash } from 'node:crypto'
import { startLoopbackServer, type LoopbackServer } from '../loopback-server.js'

export interface LoopbackRegistry {
  readonly server: LoopbackServer
  /** With a slash at the end. */
  readonly url: string
  /** `parts` go over the manifest of the version; in `dist`, undefined takes a field away. */
  publish(
    version: string,
    tarball: string | Buffer,
    parts?: { readonly dist?: object; readonly [key: string]: unknown },
  ): void
  tag(name: string, version: string): void
  end(): Promise<void>
}

export async function startLoopbackRegistry(packageName: string, prefix = ''): Promise<LoopbackRegistry> {
  const server = await startLoopbackServer()
  const url = `${server.origin}${prefix}/`
  const versions: { [version: string]: object } = {}
  const tags: { [tag: string]: string } = {}
  const serveDocument = () => {
    const body = JSON.stringify({
      name: packageName,
      'dist-tags': tags,
      versions,
      modified: '2026-01-01T00:00:00Z',
    })
    server.serve(`${prefix}/${packageName.replace('/', '%2f')}`, body, {
      'content-type': 'application/vnd.npm.install-v1+json',
    })
  }
  serveDocument()
  return {
    server,
    url,
    publish(version, tarball, { dist = {}, ...parts } = {}) {
      const place = `${packageName}/-/${packageName.replace(/^.*\//, '')}-${version}.tgz`
      const hash = (algorithm: string, encoding: 'base64' | 'hex') =>
        createHash(algorithm).update(tarball).digest(encoding)
      versions[version] = {
        name: packageName,
        version,
        dist: {
          tarball: `${url}${place}`,
          shasum: hash('sha1', 'hex'),
          integrity: `sha512-${hash('sha512', 'base64')}`,
          unpackedSize: 12345,
          ...dist,
        },
        ...parts,
      }
      tags['latest'] ??= version
      server.serve(`${prefix}/${place}`, Buffer.from(tarball))
      serveDocument()
    },
    tag(name, version) {
      tags[name] = version
      serveDocument()
    },
    end: () => server.end(),
  }
}
