#pragma once

#include <cstdint>
#include <string_view>

namespace posthorn {

/// XXH3, 64 bits, for tables in memory: who does not know the seed cannot choose texts that fall
/// together.
std::uint64_t seeded_hash(std::string_view bytes, std::uint64_t seed);
/// A seed of this process, drawn at random when first asked for. Thread: any.
std::uint64_t process_seed();

}  // namespace posthorn
