Deno.serve({ port: 1993 }, () => new Response('ok'))
