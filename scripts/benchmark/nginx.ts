import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chatAnswer, chatStream } from './bodies.ts'
import { freePort, type Started, start, waitForPort } from './process.ts'

export interface Nginx extends Started {
  url: string
}

/** One worker each. The upstream and the proxy are nginxes of their own, so that what the proxy costs is not the upstream's work. */
async function startNginx(folder: string, port: number, http: string): Promise<Nginx> {
  mkdirSync(folder, { recursive: true })
  const config = join(folder, 'nginx.conf')
  writeFileSync(
    config,
    `${process.getuid?.() === 0 ? 'user root; ' : ''}daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 8192; }
http {
  access_log off; keepalive_requests 10000000; keepalive_timeout 120s; client_max_body_size 64m; client_body_buffer_size 1m;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  sendfile on; tcp_nodelay on; open_file_cache max=100;
${http}
}
`,
  )
  const started = start(['nginx', '-p', folder, '-c', config, '-e', join(folder, 'error.log')])
  await waitForPort(port)
  return { ...started, url: `http://127.0.0.1:${port}` }
}

/** Answers by itself, from files: `/json/…` a whole answer, `/sse/<events>/…` a stream, as fast as anything can send them. */
export async function startFileUpstream(folder: string, streams: readonly number[]): Promise<Nginx> {
  const files = join(folder, 'files')
  mkdirSync(files, { recursive: true })
  writeFileSync(join(files, 'answer'), chatAnswer)
  for (const events of streams) writeFileSync(join(files, `stream-${events}`), chatStream(events))
  const port = await freePort()
  return startNginx(
    join(folder, 'upstream'),
    port,
    `  server {
    listen 127.0.0.1:${port} backlog=4096; root ${files};
    location /json/ { default_type application/json; error_page 405 =200 /answer; try_files /answer =404; }
    location ~ ^/sse/(?<events>[0-9]+)/ { default_type text/event-stream; error_page 405 =200 /stream-$events; try_files /stream-$events =404; }
    location = /answer { default_type application/json; internal; }
    location /stream- { default_type text/event-stream; internal; }
  }`,
  )
}

/** What a gateway is compared with: passes on to the upstream over connections that are kept, streams unbuffered as its users must set it. */
export async function startProxy(folder: string, upstream: string): Promise<Nginx> {
  const port = await freePort()
  const pass = 'proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection "";'
  return startNginx(
    join(folder, 'proxy'),
    port,
    `  upstream backend { server ${new URL(upstream).host}; keepalive 256; keepalive_requests 10000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / { ${pass} }
    location /sse/ { ${pass} proxy_buffering off; }
  }`,
  )
}
