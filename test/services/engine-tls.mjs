// What an engine needs to be reached over TCP with TLS, and its clients: an authority, and a certificate for each side.
// `clients` is laid out as DOCKER_CERT_PATH wants it: ca.pem, cert.pem, key.pem.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './free-port.mjs'
import { requirePrograms, run } from './packages.mjs'

/** Options for dockerd, and what a client is told. */
export async function tlsListener(folder) {
  await requirePrograms({ openssl: 'openssl' })
  const [server, clients] = [join(folder, 'tls-server'), join(folder, 'tls-clients')]
  for (const path of [server, clients]) mkdirSync(path, { recursive: true })
  const [authority, authorityKey] = [join(clients, 'ca.pem'), join(server, 'ca-key.pem')]
  await run('openssl', [
    ...request(authorityKey, 'deployctl-tests'),
    '-x509',
    '-days',
    '2',
    '-out',
    authority,
  ])
  const sign = async (path, name, extensions) => {
    const [wish, notes] = [join(path, 'wish.csr'), join(path, 'extensions')]
    writeFileSync(notes, extensions)
    await run('openssl', [...request(join(path, 'key.pem'), name), '-out', wish])
    const by = ['-CA', authority, '-CAkey', authorityKey, '-CAcreateserial', '-days', '2', '-extfile', notes]
    await run('openssl', ['x509', '-req', '-in', wish, '-out', join(path, 'cert.pem'), ...by])
  }
  await sign(server, 'localhost', 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n')
  await sign(clients, 'client', 'extendedKeyUsage=clientAuth\n')
  const host = `tcp://127.0.0.1:${await freePort()}`
  const own = ['--tlscert', join(server, 'cert.pem'), '--tlskey', join(server, 'key.pem')]
  return { options: ['--host', host, '--tlsverify', '--tlscacert', authority, ...own], host, clients }
}

function request(key, name) {
  return ['req', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-subj', `/CN=${name}`]
}
