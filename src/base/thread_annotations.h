#pragma once

/// Says to clang which mutex protects what; -Wthread-safety then checks at compile time that it is
/// held. `mutex.h` has the mutexes that these refer to. Elsewhere two are usual:
/// POSTHORN_GUARDED_BY behind a member, and POSTHORN_REQUIRES behind the declaration of a function
/// that its caller has to lock the mutex for. Other compilers ignore all of them.
#if defined(__clang__)
#define POSTHORN_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define POSTHORN_THREAD_ANNOTATION(x)
#endif

/// The member is read and written only with the mutex held.
#define POSTHORN_GUARDED_BY(mutex) POSTHORN_THREAD_ANNOTATION(guarded_by(mutex))
/// The same for what the member points to; the pointer itself is not protected.
#define POSTHORN_PT_GUARDED_BY(mutex) POSTHORN_THREAD_ANNOTATION(pt_guarded_by(mutex))
/// The caller holds the mutexes, before and after the call.
#define POSTHORN_REQUIRES(...) POSTHORN_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
/// The caller holds them at least for reading.
#define POSTHORN_REQUIRES_SHARED(...) \
  POSTHORN_THREAD_ANNOTATION(requires_shared_capability(__VA_ARGS__))
/// The caller must not hold them, because the function locks them.
#define POSTHORN_EXCLUDES(...) POSTHORN_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
/// Turns the check off for one function. A comment there says why the code is right.
#define POSTHORN_NO_THREAD_SAFETY_ANALYSIS POSTHORN_THREAD_ANNOTATION(no_thread_safety_analysis)

// For mutex.h.
#define POSTHORN_CAPABILITY(name) POSTHORN_THREAD_ANNOTATION(capability(name))
#define POSTHORN_SCOPED_CAPABILITY POSTHORN_THREAD_ANNOTATION(scoped_lockable)
#define POSTHORN_ACQUIRE(...) POSTHORN_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define POSTHORN_ACQUIRE_SHARED(...) \
  POSTHORN_THREAD_ANNOTATION(acquire_shared_capability(__VA_ARGS__))
#define POSTHORN_RELEASE(...) POSTHORN_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define POSTHORN_RELEASE_SHARED(...) \
  POSTHORN_THREAD_ANNOTATION(release_shared_capability(__VA_ARGS__))
#define POSTHORN_TRY_ACQUIRE(...) POSTHORN_THREAD_ANNOTATION(try_acquire_capability(__VA_ARGS__))
