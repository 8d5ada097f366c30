#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "store/filter/grams.h"

namespace posthorn::store {

// The filter of a range of messages: their signatures side by side, as columns of a matrix for each
// size of signature, so that the bits of one gram in all messages are neighbours. The matrices are
// cut into parts by ranges of grams: whoever looks for a needle reads only the parts with its
// grams.

inline constexpr unsigned kMostPartBits = 7;
inline constexpr std::size_t kMostParts = 1U << kMostPartBits;

/// The signature of a message.
struct SignedMessage {
  Ordinal ordinal;
  Signature signature;
};

/// The pages of a filter, as records.
struct FilterPages {
  std::string directory;
  std::vector<std::string> parts;
};
/// Encodes a filter. Requires: ascending ordinals; the first is not below `first`.
FilterPages encode_filter(Ordinal first, std::span<const SignedMessage> messages);

/// The directory of a filter: which message is which column. Messages that are not in it may
/// contain anything.
class FilterDirectory {
 public:
  /// The messages whose signatures have the same number of rows, in ascending order.
  struct Matrix {
    std::uint8_t size = 0;
    std::vector<Ordinal> columns;
    [[nodiscard]] std::size_t stride() const { return (columns.size() + 7) / 8; }
  };
  /// `last` is the last ordinal that the filter may name. Errors: corrupt, not_supported.
  static Result<FilterDirectory> decode(Ordinal first, Ordinal last, std::string_view record);

  [[nodiscard]] std::span<const Matrix> matrices() const { return matrices_; }
  [[nodiscard]] std::size_t parts() const { return std::size_t{1} << part_bits_; }
  /// The part that has the rows of this gram.
  [[nodiscard]] std::size_t part_of(Gram gram) const { return gram >> (kGramBits - part_bits_); }
  /// Number of octets of every part.
  [[nodiscard]] std::size_t part_size() const;
  /// Returns the payload of a part. Errors: corrupt, not_supported.
  [[nodiscard]] Result<std::string> open_part(std::string_view record) const;

  /// Returns all signatures, in ascending order of ordinals. `parts` are the payloads of all parts.
  [[nodiscard]] std::vector<SignedMessage> signatures(std::span<const std::string> parts) const;

 private:
  unsigned part_bits_ = 0;
  std::vector<Matrix> matrices_;
};

/// Finds the messages of a filter that may contain all of some grams.
class FilterColumns {
 public:
  /// `directory` must outlive this object.
  explicit FilterColumns(const FilterDirectory& directory);
  /// Rules out the messages without this gram. `part` is the payload of its part.
  void narrow(Gram gram, std::string_view part);
  /// Calls `f` with the ordinal of each message that is ruled out.
  template <class F>
  void for_each_absent(F&& f) const {
    for (std::size_t m = 0; m < left_.size(); ++m) {
      const auto& columns = directory_.matrices()[m].columns;
      for (std::size_t i = 0; i < columns.size(); ++i)
        if ((left_[m][i / 8] >> i % 8 & 1) == 0) f(columns[i]);
    }
  }

 private:
  const FilterDirectory& directory_;
  std::vector<std::vector<std::uint8_t>> left_;  ///< For each matrix a bit for each column.
};

}  // namespace posthorn::store
