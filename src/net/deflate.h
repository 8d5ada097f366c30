#pragma once

#include <zlib.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/attempt.h"

// For use within net/ only, because it includes zlib.
namespace posthorn::net {

/// The receiving side of COMPRESS (RFC 4978): raw deflate (RFC 1951) in, plain octets out, as early
/// as they can be decoded. Output goes directly into the caller's buffer, so a small input that
/// expands to a large output costs no memory here. Input is kept only until it is consumed.
class Inflater {
 public:
  Inflater() = default;
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Adds input from the layer below. Requires: take() returned want_read.
  void feed(std::string_view bytes);
  /// Returns `want_read` if feed() must be called first, `ended` if the peer ended its deflate
  /// stream, and `failed` if the input is not valid deflate data.
  Attempt take(std::span<char> into);
  /// Like take() for a single octet, which the next take() returns again.
  Attempt peek();
  /// Frees the working memory (some 40 KB) if that is possible at this moment, i.e. between two
  /// blocks at an octet boundary, which is where a peer that flushes stops. The history that the
  /// peer may still refer to is kept at its actual length: a few hundred octets for most clients,
  /// at most 32 KB.
  void rest();

 private:
  bool start();
  Attempt inflate_into(std::span<char> into);

  z_stream stream_ = {};
  bool started_ = false;
  // The last output filled its buffer, so more may follow without new input.
  bool more_inside_ = false;
  std::string history_;       // Only used while resting.
  std::optional<Step> over_;  // `ended` or `failed`; final.
  std::optional<char> peeked_;
  std::string input_;
};

/// The sending side. The data of each begin() is flushed to an octet boundary (Z_SYNC_FLUSH) when
/// next() has returned all of it, so the peer can decode everything sent so far.
class Deflater {
 public:
  Deflater() = default;
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  /// Requires: next() has returned 0 for the data of the previous begin(). `bytes` must stay valid
  /// until it does so again.
  void begin(std::string_view bytes);
  /// Writes compressed octets to `into` and returns their number; 0 at the end of the data. Returns
  /// no value if memory ran out.
  /// Requires: into.size() > 6.
  std::optional<std::size_t> next(std::span<char> into);
  /// Frees all memory. The next begin() starts without history. The peer does not notice: at an
  /// octet boundary, a raw deflate stream may continue with blocks that refer to nothing before
  /// them.
  void rest();

 private:
  z_stream stream_ = {};
  bool started_ = false;
  bool more_ = false;
};

}  // namespace posthorn::net
