#pragma once

#include <zlib.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/attempt.h"

// For net/ only: this is where zlib shows.
namespace posthorn::net {

/// The receiving half of RFC 4978: raw deflate (RFC 1951) in, plain octets out, as soon as they can
/// be known. Output goes straight into the caller's buffer, so a small input that inflates to much
/// costs no memory here; input is kept only until it is consumed.
class Inflater {
 public:
  Inflater() = default;
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// What came from below. Requires: take() said want_read.
  void feed(std::string_view bytes);
  /// `want_read`: feed more first. `ended`: the peer ended its deflate stream. `failed`: not
  /// deflate.
  Attempt take(std::span<char> into);
  /// Like take(), of one octet that the next take() gives again.
  Attempt peek();
  /// Frees the memory that is only needed to go on (some 40 KB), if that is possible just now:
  /// between blocks at an octet boundary, where a peer that flushes stops. The history the peer may
  /// still refer to is kept, as long as it is: a few hundred octets for most clients, at most 32
  /// KB.
  void rest();

 private:
  bool start();
  Attempt inflate_into(std::span<char> into);

  z_stream stream_ = {};
  bool started_ = false;
  bool more_inside_ = false;  // The last output filled its buffer: there may be more without input.
  std::string history_;       // While resting.
  std::optional<Step> over_;  // `ended` or `failed`, for good.
  std::optional<char> peeked_;
  std::string input_;
};

/// The sending half. Each call of begin() is flushed to an octet boundary (Z_SYNC_FLUSH) by the
/// time next() has given all of it, so the peer can show everything said so far.
class Deflater {
 public:
  Deflater() = default;
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  /// Requires: next() has ended for what was begun before; `bytes` stay until it has again.
  void begin(std::string_view bytes);
  /// Compressed octets in `into`; 0 at the end of what was begun. Requires: into.size() > 6.
  /// No value: out of memory.
  std::optional<std::size_t> next(std::span<char> into);
  /// Frees all memory; the next begin() starts without history. That is invisible to the peer: at
  /// an octet boundary a raw deflate stream may go on with blocks that refer to nothing before
  /// them.
  void rest();

 private:
  z_stream stream_ = {};
  bool started_ = false;
  bool more_ = false;
};

}  // namespace posthorn::net
