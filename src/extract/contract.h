#pragma once

#include <cstddef>
#include <cstdint>

/// What the server and the program `posthorn-extract` agree on. The server starts the program for
/// one document, with the name of its kind as the only argument, writes the document to its
/// standard input, and reads UTF-8 text from its standard output.
namespace posthorn::extract {

/// Octets of a document. A longer one is not extracted.
inline constexpr std::size_t kMostInput = 32 << 20;
/// Octets of text of one message; what follows is not searched.
inline constexpr std::size_t kMostText = 1 << 20;
/// Address space of the program, also that of the one that reads PDF.
inline constexpr std::uint64_t kMostMemory = 256 << 20;
/// Processor time, and also the time by the clock, after which the server ends the program.
inline constexpr int kMostSeconds = 10;

/// The program that extracts the text of PDF (poppler-utils), and the only one that may be executed
/// within the fence.
inline constexpr const char* kPdfToText = "/usr/bin/pdftotext";

/// How the program ends. Anything else (a signal, for example) counts as `damaged`.
enum class Exit : int {
  done = 0,
  damaged = 1,     ///< The document cannot be read to its end. The text so far counts.
  usage = 2,       ///< Called with the wrong arguments.
  unfenced = 3,    ///< The kernel lacks what confines the program, so it has read nothing.
  no_program = 4,  ///< The program that reads this kind is not installed.
};

}  // namespace posthorn::extract
