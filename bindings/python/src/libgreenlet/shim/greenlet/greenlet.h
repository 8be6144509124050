/* SPDX-License-Identifier: MIT
 *
 * The C interface of the Python module `greenlet`, as libgreenlet provides it: the names, numbers and struct of PyPI's greenlet, so that a module
 * which was compiled with either header works with either package.
 *
 *   #include <greenlet/greenlet.h>      with libgreenlet.get_include() on the include path
 *
 * Call PyGreenlet_Import() once, when your module is initialised; it leaves an exception and a NULL _PyGreenlet_API when there is no greenlet.
 * Everything here wants the GIL. A function that fails returns NULL (or -1) with an exception set.
 */
#ifndef Py_GREENLETOBJECT_H
#define Py_GREENLETOBJECT_H

#include <Python.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Never changed since 1.0, and says nothing. */
#define GREENLET_VERSION "1.0.0"

/* The module itself defines GREENLET_MODULE and this type; to others the field is opaque. */
#ifndef GREENLET_MODULE
#define implementation_ptr_t void *
#endif

/* May be embedded, as Cython's subclasses do: its size is part of the interface. */
typedef struct _greenlet {
  PyObject ob_base; /* PyObject_HEAD */
  PyObject *weakreflist;
  PyObject *dict;
  implementation_ptr_t pimpl;
} PyGreenlet;

/* Where things are in the table that the capsule `greenlet._C_API` holds. */
#define PyGreenlet_Type_NUM 0
#define PyExc_GreenletError_NUM 1
#define PyExc_GreenletExit_NUM 2
#define PyGreenlet_New_NUM 3
#define PyGreenlet_GetCurrent_NUM 4
#define PyGreenlet_Throw_NUM 5
#define PyGreenlet_Switch_NUM 6
#define PyGreenlet_SetParent_NUM 7
#define PyGreenlet_MAIN_NUM 8
#define PyGreenlet_STARTED_NUM 9
#define PyGreenlet_ACTIVE_NUM 10
#define PyGreenlet_GET_PARENT_NUM 11
#define PyGreenlet_API_pointers 12

/* Is it a greenlet, of this class or below? NULL is none. */
#define PyGreenlet_Check(op) ((op) && PyObject_TypeCheck((op), &PyGreenlet_Type))

#ifndef GREENLET_MODULE

static void **_PyGreenlet_API = NULL;

/* A block, which some callers put no semicolon behind. */
#define PyGreenlet_Import() \
  { _PyGreenlet_API = (void **)PyCapsule_Import("greenlet._C_API", 0); }

/* greenlet.greenlet, greenlet.error, greenlet.GreenletExit: borrowed. */
#define PyGreenlet_Type (*(PyTypeObject *)_PyGreenlet_API[PyGreenlet_Type_NUM])
#define PyExc_GreenletError ((PyObject *)_PyGreenlet_API[PyExc_GreenletError_NUM])
#define PyExc_GreenletExit ((PyObject *)_PyGreenlet_API[PyExc_GreenletExit_NUM])

/* greenlet.greenlet(run, parent): a new reference. Both may be NULL. */
#define PyGreenlet_New (*(PyGreenlet * (*)(PyObject * run, PyGreenlet * parent)) _PyGreenlet_API[PyGreenlet_New_NUM])

/* greenlet.getcurrent(): a new reference. */
#define PyGreenlet_GetCurrent (*(PyGreenlet * (*)(void)) _PyGreenlet_API[PyGreenlet_GetCurrent_NUM])

/* g.throw(type, value, traceback): a new reference to what comes back. Value and traceback may be NULL. */
#define PyGreenlet_Throw \
  (*(PyObject * (*)(PyGreenlet * g, PyObject * type, PyObject * value, PyObject * traceback)) _PyGreenlet_API[PyGreenlet_Throw_NUM])

/* g.switch(*args, **kwargs): a new reference to what comes back. Both may be NULL. */
#define PyGreenlet_Switch (*(PyObject * (*)(PyGreenlet * g, PyObject * args, PyObject * kwargs)) _PyGreenlet_API[PyGreenlet_Switch_NUM])

/* g.parent = parent: 0, or -1. */
#define PyGreenlet_SetParent (*(int (*)(PyGreenlet * g, PyGreenlet * parent)) _PyGreenlet_API[PyGreenlet_SetParent_NUM])

/* g.parent: a new reference, or NULL for main, without an exception. */
#define PyGreenlet_GetParent (*(PyGreenlet * (*)(PyGreenlet * g)) _PyGreenlet_API[PyGreenlet_GET_PARENT_NUM])
#define PyGreenlet_GET_PARENT PyGreenlet_GetParent

/* Is it a thread's main greenlet? Was it started? Was it started, and is not dead? */
#define PyGreenlet_MAIN (*(int (*)(PyGreenlet * g)) _PyGreenlet_API[PyGreenlet_MAIN_NUM])
#define PyGreenlet_STARTED (*(int (*)(PyGreenlet * g)) _PyGreenlet_API[PyGreenlet_STARTED_NUM])
#define PyGreenlet_ACTIVE (*(int (*)(PyGreenlet * g)) _PyGreenlet_API[PyGreenlet_ACTIVE_NUM])

#endif /* GREENLET_MODULE */

#ifdef __cplusplus
}
#endif
#endif
