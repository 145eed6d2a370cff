import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chatAnswer, chatStream } from './bodies.ts'
import { freePort, type Started, start, waitForPort } from './process.ts'

export interface Nginx extends Started {
  /** Answers by itself: the upstream of everything measured. */
  upstream: string
  /** Passes on to it: what a gateway is compared with. */
  proxy: string
}

/** One nginx in both roles. Streams are served from a file, as fast as anything can send them. */
export async function startNginx(folder: string, events: number): Promise<Nginx> {
  const files = join(folder, 'files')
  mkdirSync(files, { recursive: true })
  writeFileSync(join(files, 'answer'), chatAnswer)
  writeFileSync(join(files, 'stream'), chatStream(events))
  const [upstream, proxy] = [await freePort(), await freePort()]
  const config = join(folder, 'nginx.conf')
  writeFileSync(
    config,
    `${process.getuid?.() === 0 ? 'user root; ' : ''}daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 1000000; keepalive_timeout 120s; client_max_body_size 64m; client_body_buffer_size 256k;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  sendfile on; tcp_nodelay on; open_file_cache max=10;
  upstream backend { server 127.0.0.1:${upstream}; keepalive 128; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${upstream} backlog=4096; root ${files};
    location /json/ { default_type application/json; error_page 405 =200 /answer; try_files /answer =404; }
    location /sse/ { default_type text/event-stream; error_page 405 =200 /stream; try_files /stream =404; }
    location = /answer { default_type application/json; internal; }
    location = /stream { default_type text/event-stream; internal; }
  }
  server {
    listen 127.0.0.1:${proxy} backlog=4096;
    location / { proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }
  }
}
`,
  )
  const started = start(['nginx', '-p', folder, '-c', config])
  await waitForPort(proxy)
  return { ...started, upstream: `http://127.0.0.1:${upstream}`, proxy: `http://127.0.0.1:${proxy}` }
}
