#pragma once

#include <cstddef>
#include <cstdint>

/// Defaults that more than one layer needs: defaults of settings, which are also used by the
/// options of a component that runs without a configuration (tests, benchmarks, fuzzers).
/// config/schema.cc states the same values in the syntax of the configuration file;
/// app/options_test.cc checks that options made from an empty configuration equal their defaults.
namespace posthorn::defaults {

inline constexpr std::uint64_t kMessageOctets = 100'000'000;  ///< limits.message_size
inline constexpr std::size_t kCommandLineOctets = 64 << 10;   ///< limits.command_line
inline constexpr std::size_t kLiteralOctets = 100 << 10;      ///< limits.literal
inline constexpr std::uint32_t kFailedLogins = 5;             ///< limits.failed_logins
/// storage.cache: one half for blocks and blobs as stored, the other for decoded pages.
inline constexpr std::size_t kCacheOctets = 256UL << 20;
inline constexpr std::size_t kWriteBufferOctets = 64UL << 20;       ///< storage.write_buffer
inline constexpr int kOpenFiles = 1000;                             ///< storage.max_open_files
inline constexpr std::uint64_t kVersionMemoryOctets = 512UL << 20;  ///< storage.version_memory

}  // namespace posthorn::defaults
