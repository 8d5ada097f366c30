#pragma once

#include <memory>
#include <string>
#include <utility>

#include "async/run.h"
#include "server/frame/test_scripted_stream.h"
#include "server/http/session.h"

namespace posthorn::server::http {

/// Serves one connection to its end.
inline void serve(net::Stream& stream, HttpOptions options) {
  const frame::Connections connections;
  frame::CommandMeter meter({"request"});
  Session session({.stream = stream,
                   .options = std::make_shared<const HttpOptions>(std::move(options)),
                   .connections = connections,
                   .meter = meter});
  async::run_blocking(session.run());
}

/// Returns everything the server sends to a client that sends `script`, at most `step` octets at a
/// time, and disconnects.
inline std::string play(const std::string& script, HttpOptions options,
                        std::size_t step = 100'000) {
  frame::ScriptedStream stream(script, step);
  serve(stream, std::move(options));
  return stream.output();
}

/// Returns how often `what` occurs in `text`.
inline std::size_t count(std::string_view text, std::string_view what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++n;
  return n;
}

}  // namespace posthorn::server::http
