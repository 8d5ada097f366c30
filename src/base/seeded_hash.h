#pragma once

#include <cstdint>
#include <string_view>

namespace posthorn {

/// XXH3 with 64 bits and a seed, for hash tables in memory. Whoever does not know the seed cannot
/// choose texts that collide.
std::uint64_t seeded_hash(std::string_view bytes, std::uint64_t seed);
/// A random seed, drawn once per process on first use.
/// Thread: any.
std::uint64_t process_seed();

}  // namespace posthorn
