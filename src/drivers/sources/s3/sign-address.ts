/**
 * The address of an object with the signature in it, so that our own download can fetch it: resumed, watched and
 * explained like every other, which the client's stream is not.
 */
import type { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'

/** As long as a signature may hold; a temporary login ends it earlier. */
const longestSeconds = 7 * 24 * 60 * 60

/** The parts of the client's request that an address is made of. */
interface Parts {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly query?: { readonly [name: string]: string | readonly string[] | null }
  readonly headers: { readonly [name: string]: string }
}
/** What the client knows of the request by then. */
interface Context {
  readonly endpointV2?: { readonly properties?: { readonly authSchemes?: readonly Scheme[] } }
}
type Scheme = NonNullable<Parameters<S3Client['config']['signer']>[0]>
interface Presigner {
  presign?(
    request: Parts,
    options: { readonly expiresIn: number; readonly signingDate: Date },
  ): Promise<Parts>
}

/** The command is not sent: its request is taken where the client would sign it. */
export async function signAddress(client: S3Client, command: GetObjectCommand, now: Date): Promise<string> {
  const { config } = client
  const stack = client.middlewareStack.clone()
  stack.addRelativeTo(
    (_next: unknown, context: Context) =>
      async ({ request }: { readonly request: unknown }) => {
        const parts = request as Parts // what every HTTP request of the client looks like
        const [scheme] = context.endpointV2?.properties?.authSchemes ?? []
        // the client's own signer can sign addresses too; its type says only what all signers can
        const signer = (await config.signer(scheme)) as Presigner
        const bare = {
          ...parts,
          headers: {
            host: parts.headers['host'] ?? parts.hostname,
            'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
          },
        }
        const signingDate = new Date(now.getTime() + config.systemClockOffset)
        const signed = await signer.presign?.(bare, { expiresIn: longestSeconds, signingDate })
        return { response: {}, output: { $metadata: {}, address: addressOf(signed ?? parts) } }
      },
    { name: 'takeAddress', relation: 'before', toMiddleware: 'httpSigningMiddleware', override: true },
  )
  const { output } = await command.resolveMiddleware(stack, config, {})(command)
  return (output as unknown as { address: string }).address // what the step above answers instead of a response
}

function addressOf({ protocol, hostname, port, path, query = {} }: Parts): string {
  const pairs = Object.entries(query).flatMap(([name, values]) =>
    [values].flat().map((value) => `${encoded(name)}=${encoded(value ?? '')}`),
  )
  const host = port === undefined ? hostname : `${hostname}:${port}`
  return `${protocol}//${host}${path}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`
}

/** As signatures want it: everything but the unreserved. */
function encoded(text: unknown): string {
  return encodeURIComponent(String(text)).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
