#pragma once

#include <cstdint>

#include "base/result.h"
#include "extract/contract.h"

namespace posthorn::extract {

/// Whom the fence is for.
enum class Fenced : std::uint8_t {
  self,    ///< This program: it reads and writes what is open already.
  helper,  ///< A program that is executed next, which opens its libraries and its tables.
};

/// Confines this process and everything it will execute, for ever. Then there is
/// * no new process or thread, socket, signal to others, or look at other processes (seccomp);
/// * no file: `self` opens nothing; `helper` reads below /usr/lib and a few other places that every
///   user can read, and executes nothing but kPdfToText (Landlock);
/// * at most kMostMemory octets and kMostSeconds of processor time, no writing of files, and no
///   core dump (limits).
/// The process ends with the one that started it. Errors: not_supported if the kernel has not what
/// is needed; `self` does without Landlock, since seccomp lets it open nothing. After an error the
/// process may be confined in part.
Status raise_fence(Fenced whom);

}  // namespace posthorn::extract
